"use strict";
// The rows come as columns of one object. What is shown is the rows that pass the filters, in the order of one
// column; at most PAGE of them until "Show all" is pressed.
const data = JSON.parse(document.getElementById("data").textContent);
const PAGE = 200;
const WORDS = new Set(["extreme", "variables"]);
// what says which set it is comes before its values
const COLUMNS = [...data.columns.filter((name) => !(name in data.labels)), "variables",
  ...data.columns.filter((name) => name in data.labels)];
const state = { words: "", chosen: {}, column: null, descending: false, all: false };
const reach = (data[data.lead] ?? []).reduce((most, value) => Math.max(most, Math.abs(value ?? 0)), 0) || 1;
const find = (id) => document.getElementById(id);

function element(tag, options, ...children) {
  const made = Object.assign(document.createElement(tag), options);
  made.append(...children);
  return made;
}

function written(value) {
  return value.toFixed(4).replace(/^-(0\.0+)$/, "$1").replace("-", "−");
}

function bar(value) {
  const share = (50 * Math.abs(value)) / reach;
  const side = value * data.synergy > 0 ? "synergy" : "redundancy";
  const filled = element("i", { className: data.synergy ? side : "" });
  filled.style.left = `${value < 0 ? 50 - share : 50}%`;
  filled.style.width = `${share}%`;
  return element("span", { className: "bar" }, filled);
}

function cell(column, row) {
  if (column === "variables") {
    return element("td", { className: "words members" }, ...data.members[row].map((i) => chip(data.names[i])));
  }
  const value = data[column][row];
  if (!(column in data.labels)) {
    return element("td", { className: WORDS.has(column) ? "words" : "" }, String(value));
  }
  if (value === null) return element("td", {}, "–");
  const text = data.counts.includes(column) ? String(value) : written(value);
  const content = column === data.lead ? [bar(value), element("span", { className: "value" }, text)] : [text];
  return element("td", { title: String(value) }, ...content);
}

function chip(name) {
  return element("button", { type: "button", className: "name", title: "show the sets with it", onclick: () => {
    find("words").value = `"${name}"`;
    state.words = find("words").value;
    draw();
  } }, name);
}

// Every word must be part of the name of a member; a text in double quotes must be the whole name.
function passes(row) {
  for (const [column, wanted] of Object.entries(state.chosen)) {
    if (wanted !== "" && String(data[column][row]) !== wanted) return false;
  }
  const names = data.members[row].map((i) => data.names[i].toLowerCase());
  return [...state.words.toLowerCase().matchAll(/"([^"]*)"|(\S+)/g)].every(
    ([, whole, part]) => names.some((name) => (whole !== undefined ? name === whole : name.includes(part))),
  );
}

function sorted(rows) {
  if (state.column === null) return rows;
  const values = data[state.column];
  const sign = state.descending ? -1 : 1;
  // equal values keep their order; those without a value come last
  return rows.sort((a, b) => {
    if (values[a] === null || values[b] === null) return (values[a] === null) - (values[b] === null);
    return sign * (values[a] < values[b] ? -1 : values[a] > values[b] ? 1 : 0);
  });
}

function draw() {
  const rows = sorted(data.order.map((_, row) => row).filter(passes));
  const shown = state.all ? rows : rows.slice(0, PAGE);
  find("table").tBodies[0].replaceChildren(...shown.map((row) => element("tr", {},
    ...COLUMNS.map((column) => cell(column, row)))));
  find("count").textContent = `${rows.length} of ${data.order.length} set${data.order.length === 1 ? "" : "s"}`
    + (shown.length < rows.length ? `, the first ${shown.length} shown` : "");
  find("more").hidden = shown.length === rows.length;
  for (const head of find("table").tHead.rows[0].cells) {
    const active = head.dataset.column === state.column;
    head.ariaSort = active ? (state.descending ? "descending" : "ascending") : "none";
  }
}

function sortBy(column) {
  state.descending = state.column === column && !state.descending;
  state.column = column;
  draw();
}

for (const column of COLUMNS) {
  const button = element("button", { type: "button", title: data.labels[column] ?? column,
    onclick: () => sortBy(column) }, column);
  const head = element("th", { scope: "col", className: WORDS.has(column) ? "words" : "" },
    column === "variables" ? column : button);
  head.dataset.column = column;
  find("table").tHead.rows[0].append(head);
}

for (const column of data.columns.filter((name) => !(name in data.labels))) {
  const values = [...new Set(data[column])];
  if (values.length < 2) continue;
  const options = ["", ...values].map((value) => element("option", { value: String(value) }, String(value) || "all"));
  const select = element("select", { id: `choose-${column}`, onchange: () => {
    state.chosen[column] = select.value;
    draw();
  } }, ...options);
  find("filters").append(element("label", {}, `${column} `, select));
}
const digits = (data[data.lead] ?? []).reduce((most, value) => Math.max(most, value === null ? 0 : written(value).length), 0);
find("table").style.setProperty("--digits", digits);
find("filters").onsubmit = (event) => event.preventDefault();
find("words").oninput = () => {
  state.words = find("words").value;
  draw();
};
find("more").onclick = () => {
  state.all = true;
  draw();
};
draw();
