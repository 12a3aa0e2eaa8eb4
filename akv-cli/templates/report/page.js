"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const PAGE = 100;
  const PRINTED = 1000;
  const [NAME, TITLE, STORE, ISSUER, EXPIRES, STATE, KEY, OWNER, WORST, THUMBPRINT, DNS, TAGS, FINDINGS] =
    Array.from({ length: 13 }, (_, place) => place);

  const rows = data.rows;
  const vault = (row) => data.vaults[row[STORE]];
  const codes = (row) => row[FINDINGS].map(([code]) => data.codes[code].code);
  const columns = [
    { title: "Name", text: (row) => row[NAME] },
    { title: "Subject", text: (row) => row[TITLE] },
    { title: "Vault", text: (row) => vault(row) },
    { title: "Issuer", text: (row) => data.issuers[row[ISSUER]] },
    { title: "Expires", value: (row) => row[EXPIRES] },
    { title: "State", text: (row) => row[STATE] },
    { title: "Key", text: (row) => data.keys[row[KEY]] },
    { title: "Owner", text: (row) => data.owners[row[OWNER]] },
    { title: "Findings", value: (row) => row[WORST] * 100 + row[FINDINGS].length },
  ];

  let order = [];
  let page = 0;
  let sorted = { column: 4, descending: false };
  const open = new Set();

  const byId = (id) => document.getElementById(id);
  const body = document.querySelector("#table tbody");
  const filter = byId("filter");

  const make = (tag, text, properties) => {
    const element = document.createElement(tag);
    if (text !== undefined) element.textContent = text;
    return Object.assign(element, properties);
  };
  const count = (number, what) => `${number.toLocaleString("en")} ${what}${number === 1 ? "" : "s"}`;

  // The rank of each row in the order of a column. Equal values have the same rank; rows without a
  // value have -1.
  const ranks = columns.map(() => null);
  const ranksOf = (number) => {
    if (ranks[number]) return ranks[number];
    const { text, value } = columns[number];
    const values = rows.map(value ?? ((row) => text(row).toLowerCase() || null));
    const places = Array.from(rows.keys()).filter((index) => values[index] !== null);
    const compare = (a, b) => (values[a] < values[b] ? -1 : values[a] > values[b] ? 1 : 0);
    places.sort(compare);
    const result = new Int32Array(rows.length).fill(-1);
    let place = 0;
    places.forEach((index, at) => {
      if (at > 0 && compare(places[at - 1], index) !== 0) place += 1;
      result[index] = place;
    });
    return (ranks[number] = result);
  };

  const searched = new Array(rows.length);
  const searchText = (index) => {
    const row = rows[index];
    return (searched[index] ??= [
      row[NAME], row[TITLE], data.stores[row[STORE]], data.issuers[row[ISSUER]], day(row[EXPIRES]), row[STATE],
      data.keys[row[KEY]], data.owners[row[OWNER]], row[THUMBPRINT], row[DNS], row[TAGS], ...codes(row),
    ].join("\n").toLowerCase());
  };

  const day = (seconds) => (seconds === null ? "" : new Date(seconds * 1000).toISOString().slice(0, 10));
  const relative = (seconds) => {
    const days = Math.trunc((seconds - data.now) / 86400);
    if (seconds < data.now) return days === 0 ? "expired today" : `expired ${count(-days, "day")} ago`;
    return days === 0 ? "in less than a day" : `in ${count(days, "day")}`;
  };

  const select = () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    order = [];
    for (let index = 0; index < rows.length; index += 1) {
      if (words.every((word) => searchText(index).includes(word))) order.push(index);
    }
    sort();
    byId("status").textContent = words.length === 0
      ? count(rows.length, "certificate")
      : `${order.length.toLocaleString("en")} of ${count(rows.length, "certificate")}`;
  };

  const sort = () => {
    const by = ranksOf(sorted.column);
    const sign = sorted.descending ? -1 : 1;
    order.sort((a, b) => {
      if (by[a] === by[b]) return a - b;
      // Rows without a value come last in both directions.
      if (by[a] < 0) return 1;
      if (by[b] < 0) return -1;
      return sign * (by[a] - by[b]);
    });
    page = 0;
    show();
  };

  const badges = (row) => {
    const cell = make("td");
    for (const [code] of row[FINDINGS]) {
      cell.append(make("span", data.codes[code].code, { className: `badge ${data.codes[code].severity}` }), " ");
    }
    return cell;
  };

  const nameCell = (index) => {
    const cell = make("th", undefined, { scope: "row" });
    const button = make("button", rows[index][NAME], { type: "button", className: "more" });
    button.setAttribute("aria-expanded", open.has(index));
    button.addEventListener("click", () => {
      if (!open.delete(index)) open.add(index);
      button.setAttribute("aria-expanded", open.has(index));
      const next = cell.parentElement.nextElementSibling;
      if (open.has(index)) cell.parentElement.after(detail(index));
      else if (next?.className === "detail") next.remove();
    });
    cell.append(button);
    return cell;
  };

  const detail = (index) => {
    const row = rows[index];
    const list = make("dl");
    const add = (term, ...content) => {
      const description = make("dd");
      description.append(...content);
      list.append(make("dt", term), description);
    };
    if (data.stores[row[STORE]]) add("Store", data.stores[row[STORE]]);
    add("Thumbprint", row[THUMBPRINT] || "unknown");
    if (row[DNS]) add("DNS names", row[DNS]);
    if (row[TAGS]) add("Tags", row[TAGS]);
    if (row[EXPIRES] !== null) add("Expires", `${new Date(row[EXPIRES] * 1000).toISOString().slice(0, 16).replace("T", " ")} UTC`);
    const findings = row[FINDINGS].map(([number, message]) => {
      const { code, severity, meaning, hint } = data.codes[number];
      const item = make("li");
      item.append(make("span", severity, { className: `badge ${severity}` }), ` ${code}: ${message}. `, make("br"), `${meaning} ${hint}`);
      return item;
    });
    if (findings.length > 0) {
      const items = make("ul");
      items.append(...findings);
      add("Findings", items);
    } else {
      add("Findings", "none");
    }
    const cell = make("td", undefined, { colSpan: columns.length });
    cell.append(list);
    const line = make("tr", undefined, { className: "detail" });
    line.append(cell);
    return line;
  };

  const line = (index) => {
    const row = rows[index];
    const element = make("tr");
    const expires = make("td", day(row[EXPIRES]), { className: `date ${row[EXPIRES] < data.now ? "expired" : ""}` });
    if (row[EXPIRES] !== null) expires.append(make("small", relative(row[EXPIRES])));
    else expires.className = "date";
    element.append(
      nameCell(index),
      make("td", row[TITLE]),
      make("td", vault(row)),
      make("td", data.issuers[row[ISSUER]]),
      expires,
      make("td", row[STATE]),
      make("td", data.keys[row[KEY]], { className: "key" }),
      make("td", data.owners[row[OWNER]]),
      badges(row),
    );
    return element;
  };

  const show = (from = page * PAGE, size = PAGE) => {
    const shown = order.slice(from, from + size);
    const lines = [];
    for (const index of shown) {
      lines.push(line(index));
      if (open.has(index)) lines.push(detail(index));
    }
    body.replaceChildren(...lines);
    const last = Math.max(0, Math.ceil(order.length / PAGE) - 1);
    byId("first").disabled = byId("previous").disabled = page === 0;
    byId("last").disabled = byId("next").disabled = page >= last;
    byId("position").textContent = order.length === 0
      ? "No certificate matches"
      : `${(from + 1).toLocaleString("en")} to ${(from + shown.length).toLocaleString("en")} of ${order.length.toLocaleString("en")}`;
  };

  const turn = (to) => {
    page = to;
    show();
  };

  const heads = columns.map(({ title }, column) => {
    const head = make("th", undefined, { scope: "col" });
    const button = make("button", title, { type: "button" });
    button.addEventListener("click", () => {
      sorted = { column, descending: sorted.column === column && !sorted.descending };
      mark();
      sort();
    });
    head.append(button);
    return head;
  });
  const mark = () => heads.forEach((head, column) => {
    if (column === sorted.column) head.setAttribute("aria-sort", sorted.descending ? "descending" : "ascending");
    else head.removeAttribute("aria-sort");
  });

  document.querySelector("#table thead tr").append(...heads);
  byId("first").addEventListener("click", () => turn(0));
  byId("previous").addEventListener("click", () => turn(page - 1));
  byId("next").addEventListener("click", () => turn(page + 1));
  byId("last").addEventListener("click", () => turn(Math.ceil(order.length / PAGE) - 1));

  let waiting;
  filter.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(select, rows.length > 5000 ? 120 : 0);
  });
  for (const button of document.querySelectorAll("[data-filter]")) {
    button.addEventListener("click", () => {
      filter.value = button.dataset.filter;
      select();
      byId("certificates").scrollIntoView();
      filter.focus({ preventScroll: true });
    });
  }

  // A print shows the first rows without paging, and every section open.
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    closed.forEach((one) => { one.open = true; });
    show(0, PRINTED);
    if (order.length > PRINTED) {
      byId("status").textContent = `the first ${PRINTED.toLocaleString("en")} of ${count(order.length, "certificate")}`;
    }
  });
  addEventListener("afterprint", () => {
    closed.forEach((one) => { one.open = false; });
    select();
  });

  document.querySelectorAll(".needs-script").forEach((one) => { one.hidden = false; });
  mark();
  select();
})();
