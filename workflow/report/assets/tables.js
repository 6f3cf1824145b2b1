// Search and sorting of every <table class="searchable">, by DataTables. All rows are on the page at once, never in pages of
// ten: the browser's own search finds them, a screen reader counts them, and paper has them.
(() => {
  "use strict";
  const words = JSON.parse(document.getElementById("words").textContent);
  const count = new Intl.NumberFormat(document.documentElement.lang);

  const byNumber = (direction) => (a, b) => {
    const [x, y] = [parseFloat(a), parseFloat(b)];
    if (isNaN(x) || isNaN(y)) return isNaN(x) - isNaN(y); // what has no number comes last, both ways
    return direction * (x - y);
  };

  DataTable.ext.errMode = "throw";
  DataTable.type("number", { order: { asc: byNumber(1), desc: byNumber(-1) } });

  const sort = `: ${words.sort}`;
  for (const table of document.querySelectorAll("table.searchable")) {
    for (const { cellIndex } of table.tHead.querySelectorAll("th.n")) {
      for (const { cells } of table.tBodies[0].rows) cells[cellIndex].dataset.order ??= cells[cellIndex].dataset.value ?? "";
    }
    new DataTable(table, {
      paging: false,
      autoWidth: false,
      order: [],
      orderMulti: false,
      columnDefs: [
        { targets: "_all", orderSequence: ["asc", "desc"] },
        { targets: "n", type: "number" },
      ],
      layout: { topStart: "search", topEnd: "info", bottomStart: null, bottomEnd: null },
      language: {
        search: words.search,
        infoCallback: (settings, start, end, all, left) =>
          words.showing.replace("{shown}", count.format(left)).replace("{all}", count.format(all)),
        zeroRecords: words.none,
        emptyTable: words.none,
        aria: { orderable: sort, orderableReverse: sort },
      },
    });
  }
})();
