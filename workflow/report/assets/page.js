// Every <table data-name="..."> can be copied, or saved as CSV or for Word, as it stands: searched and sorted. Opened from
// a disk or a mail, nothing leaves the page. Labels come from <script type="application/json" id="words">.
(() => {
  "use strict";
  const words = JSON.parse(document.getElementById("words").textContent);

  const shown = (table) => [...table.rows].filter((row) => !row.querySelector(".dt-empty"));

  const textOf = (cell) => {
    const copy = cell.cloneNode(true);
    copy.querySelectorAll("svg").forEach((picture) => picture.remove());
    copy.querySelectorAll("br, div, p, li").forEach((block) => block.before(" "));
    return copy.textContent.replace(/\s+/g, " ").trim();
  };

  // One list per row, all equally long: a cell over several columns fills the first, one over several rows fills each.
  const grid = (table, read) => {
    const rows = shown(table);
    const lines = rows.map(() => []);
    rows.forEach((row, r) => {
      let c = 0;
      for (const cell of row.cells) {
        while (c in lines[r]) c += 1;
        for (const line of lines.slice(r, r + cell.rowSpan)) {
          for (let k = 0; k < cell.colSpan; k += 1) line[c + k] = k ? "" : read(cell);
        }
      }
    });
    return lines;
  };

  const csv = (table) => {
    const quoted = (value) => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
    const lines = grid(table, (cell) => cell.dataset.value ?? textOf(cell).replace(/−(?=[\d.])/g, "-"));
    return "\ufeff" + lines.map((line) => line.map(quoted).join(",") + "\r\n").join(""); // Excel reads UTF-8 by the mark
  };

  const tabbed = (table) => grid(table, textOf).map((line) => line.join("\t")).join("\n");

  // The table with text, spans and alignment only, as word processors and spreadsheets take it.
  const plain = (table) => {
    const copy = document.createElement("table");
    copy.setAttribute("style", "border-collapse: collapse; font: 10pt Calibri, sans-serif");
    if (table.caption) copy.createCaption().textContent = textOf(table.caption);
    for (const row of shown(table)) {
      const line = copy.insertRow();
      for (const cell of row.cells) {
        const field = line.appendChild(document.createElement(cell.localName));
        field.textContent = textOf(cell);
        Object.assign(field, { colSpan: cell.colSpan, rowSpan: cell.rowSpan });
        const side = getComputedStyle(cell).textAlign;
        field.setAttribute("style", `border: 1px solid #999; padding: 2pt 4pt; text-align: ${side}`);
      }
    }
    return copy.outerHTML;
  };

  // Word turns the sheet only for a named page that a <div> uses.
  const forWord = (table) => {
    const { lang } = document.documentElement;
    const sheet = "@page sheet { size: 841.9pt 595.3pt; margin: 36pt; mso-page-orientation: landscape } div.sheet { page: sheet }";
    const head = `<meta charset="utf-8"><title>${table.dataset.name}</title><style>${sheet}</style>`;
    return `<!doctype html><html lang="${lang}"><head>${head}</head><body><div class="sheet">${plain(table)}</div></body></html>`;
  };

  const save = (content, type, file) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([content], { type }));
    link.download = file;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  };

  // Browsers give the clipboard to some pages only; the older command works for a page on a disk too.
  const copyByCommand = (kinds) => {
    const fill = (event) => {
      for (const [type, content] of Object.entries(kinds)) event.clipboardData.setData(type, content);
      event.preventDefault();
    };
    document.addEventListener("copy", fill);
    const done = document.execCommand("copy");
    document.removeEventListener("copy", fill);
    return done;
  };

  const copy = async (table) => {
    const kinds = { "text/html": plain(table), "text/plain": tabbed(table) };
    try {
      const blobs = Object.entries(kinds).map(([type, content]) => [type, new Blob([content], { type })]);
      await navigator.clipboard.write([new ClipboardItem(Object.fromEntries(blobs))]);
      return true;
    } catch {
      return copyByCommand(kinds);
    }
  };

  const button = (label, act) => {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = label;
    made.addEventListener("click", act);
    return made;
  };

  const tools = (table) => {
    const name = table.dataset.name;
    const said = document.createElement("span");
    said.setAttribute("role", "status");
    const bar = document.createElement("div");
    bar.className = "tools";
    bar.setAttribute("role", "group");
    bar.setAttribute("aria-label", table.caption ? textOf(table.caption) : name);
    bar.append(
      button(words.copy, async () => {
        if (!(await copy(table))) return getSelection().selectAllChildren(table); // ready for the reader's own copy
        said.textContent = words.copied;
        setTimeout(() => said.replaceChildren(), 4000);
      }),
      button(words.csv, () => save(csv(table), "text/csv", `${name}.csv`)),
      button(words.word, () => save(forWord(table), "application/msword", `${name}.doc`)),
      said,
    );
    return bar;
  };

  for (const table of document.querySelectorAll("table[data-name]")) {
    if (table.matches(".searchable")) table.before(tools(table)); // the end of a long table is far away
    else table.after(tools(table));
  }

  // Paper cannot unfold anything.
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open])")];
    for (const part of folded) part.open = true;
  });
  addEventListener("afterprint", () => {
    for (const part of folded) part.open = false;
  });
})();
