// What a lever would change, by numbers that the reader sets: each <form class="whatif"> holds changes over all of the
// page's own tables. Whoever takes part is a share of everybody, and loses a share of the exposure, so that a change is
// that of the whole exposure times all three. Nothing leaves the page.
(() => {
  "use strict";
  const EVERYBODY = 100_000;
  const { lang } = document.documentElement;
  const twoDigits = new Intl.NumberFormat(lang, { maximumSignificantDigits: 2 });
  const told = (value) => twoDigits.format(value).replace("-", "−");
  const filled = (text, slots) => text.replace(/\{(\w+)\}/g, (_, name) => slots[name]);

  for (const form of document.querySelectorAll("form.whatif")) {
    const say = () => {
      const row = form.elements.row.selectedOptions[0].dataset;
      const [reach, uptake, dose] = ["reach", "uptake", "dose"].map((name) => form.elements[name].valueAsNumber / 100);
      const [change, lower, upper] = ["estimate", "lower", "upper"].map((name) => reach * uptake * dose * row[name]);
      const cost = EVERYBODY * reach * uptake * form.elements.cost.valueAsNumber;
      const given = form.checkValidity() && Number.isFinite(change + cost);
      const slots = { change: told(change), lower: told(lower), upper: told(upper), unit: row.unit, cost: told(cost) };
      const fewer = "cases" in row && upper < 0;
      const cases = fewer ? { each: told(-cost / change), least: told(-cost / lower), most: told(-cost / upper) } : {};
      const lines = [form.dataset.change, form.dataset.cost, ...(fewer ? [form.dataset.each] : [])];
      form.elements.answer.value = given ? lines.map((line) => filled(line, { ...slots, ...cases })).join(" ") : form.dataset.none;
    };
    form.addEventListener("input", say);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.hidden = false;
    say();
  }
})();
