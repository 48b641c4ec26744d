// Everything works without this file but the search: it remembers the theme, copies texts, searches, and suggests.
"use strict";
(() => {
  const html = document.documentElement;
  const root = new URL(html.dataset.root, location.href);
  const byTitles = location.protocol === "file:" || "titles" in html.dataset;
  const make = (tag, attributes = {}, ...inner) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...inner);
    return element;
  };

  const remembered = (value) => {
    try {
      if (value) localStorage.setItem("perpend-theme", value);
      return localStorage.getItem("perpend-theme");
    } catch {
      return null;
    }
  };
  const theme = remembered();
  if (theme === "light" || theme === "dark") html.dataset.theme = theme;

  const themes = () => {
    const button = document.querySelector("[data-theme-toggle]");
    if (!button) return;
    const dark = () => (html.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
    const tell = () => button.setAttribute("aria-pressed", String(dark()));
    button.hidden = false;
    tell();
    button.addEventListener("click", () => {
      html.dataset.theme = dark() ? "light" : "dark";
      remembered(html.dataset.theme);
      tell();
    });
  };

  const copies = () => {
    if (!navigator.clipboard) return;
    for (const button of document.querySelectorAll("[data-copy]")) {
      button.hidden = false;
      button.addEventListener("click", async () => {
        await navigator.clipboard.writeText(button.dataset.copy);
        button.classList.add("done");
        const words = button.querySelector(".unseen");
        const before = words.textContent;
        words.textContent = "Copied";
        setTimeout(() => { button.classList.remove("done"); words.textContent = before; }, 1500);
      });
    }
  };

  const keys = () => {
    document.addEventListener("keydown", (event) => {
      const field = event.target.closest && event.target.closest("input, textarea, select, [contenteditable]");
      if (event.key === "/" && !field && !event.ctrlKey && !event.metaKey && !event.altKey) {
        event.preventDefault();
        document.querySelector("[data-search-input], .find input").focus();
      }
    });
  };

  // A deep link into something folded opens it.
  const openTarget = () => {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    let closed = false;
    for (let place = target; place; place = place.parentElement) {
      if (place.tagName === "DETAILS" && !place.open) { place.open = true; closed = true; }
    }
    if (closed) target.scrollIntoView();
  };

  const contents = () => {
    const links = [...document.querySelectorAll(".contents a")];
    if (!links.length || !("IntersectionObserver" in window)) return;
    const parts = links.map((link) => document.getElementById(link.hash.slice(1))).filter(Boolean);
    const mark = () => {
      const passed = parts.filter((part) => part.getBoundingClientRect().top < 200).pop() || parts[0];
      for (const link of links) link.classList.toggle("here", link.hash === `#${passed.id}`);
    };
    new IntersectionObserver(mark, { rootMargin: "-100px 0px -60% 0px" }).observe(document.querySelector("main"));
    addEventListener("scroll", mark, { passive: true });
    mark();
  };

  const ORDER = ["policy", "framework", "section", "object type", "internal rule", "operation", "document", "logic file", "extracts file", "folder"];
  const FACETS = [["kind", "Kind"], ["cloud", "Cloud"], ["service", "Service"], ["type", "Object type"], ["category", "Category"], ["framework", "Framework"], ["state", "State"]];
  const STEP = 20;

  // Opened from a disk, a browser lets a page load scripts but fetch nothing: a list of titles takes the index's place. So it does where no index was made.
  const titles = () => new Promise((resolve, reject) => {
    const script = make("script", { src: new URL("perpend-site/titles.js", root).href });
    script.onload = () => resolve(globalThis.perpendTitles);
    script.onerror = reject;
    document.head.append(script);
  });
  const plain = (text) => text.toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "");
  const titleEngine = async () => {
    const rows = (await titles()).map(([path, kind, title, id, about, words]) => ({ path, kind, title, id, about, text: plain(`${title} ${id} ${words} ${about} ${kind}`), name: plain(title), words: new Set(plain(words).split(/[\s·]+/)) }));
    return async (query, chosen) => {
      const wanted = plain(query).split(/\s+/).filter(Boolean);
      const found = rows.filter((row) => wanted.every((word) => row.text.includes(word)));
      const counts = { kind: {} };
      for (const row of found) counts.kind[row.kind] = (counts.kind[row.kind] || 0) + 1;
      const kinds = chosen.kind || [];
      const close = (row) => wanted.every((word) => row.name.includes(word)) || (row.kind === "policy" && wanted.every((word) => row.words.has(word)));
      const score = (row) => (close(row) ? 0 : 20) + (ORDER.indexOf(row.kind) + 1 || 15);
      const shown = found.filter((row) => !kinds.length || kinds.includes(row.kind)).sort((a, b) => score(a) - score(b));
      return { total: shown.length, counts, load: async (from, to) => shown.slice(from, to).map((row) => ({ ...row, url: new URL(row.path, root).href, excerpt: null })) };
    };
  };

  // Pagefind knows 2.12 and 2.1.2 as the same, and of a word that nothing has it finds what has its first letter.
  const isNumber = (query) => /^\S*\d\.\d\S*$/.test(query);
  const numbered = async (query, results) => {
    const read = await Promise.all(results.slice(0, 50).map(async (one) => [one, (await one.data()).meta.title || ""]));
    return read.filter(([, title]) => plain(title).split(" ")[0] === plain(query)).map(([one]) => one);
  };
  const isNonsense = async (query, results) => {
    if (!query || !results.length) return false;
    const marks = ((await results[0].data()).excerpt.match(/<mark>.*?<\/mark>/g) || []).map(plain);
    const halves = plain(query).split(/[^\p{L}\p{N}]+/u).filter(Boolean).map((word) => word.slice(0, Math.ceil(word.length / 2)));
    return marks.length > 0 && !halves.some((half) => marks.some((mark) => mark.includes(half)));
  };
  const indexEngine = async () => {
    const pagefind = await import(new URL("perpend-site/pagefind/pagefind.js", root).href);
    await pagefind.options({ baseUrl: root.pathname, excerptLength: 24 });
    await pagefind.init();
    const all = await pagefind.filters();
    return async (query, chosen) => {
      const filters = {};
      for (const [name, values] of Object.entries(chosen)) if (values.length) filters[name] = { any: values };
      const answer = await pagefind.search(query || null, { filters });
      if (!answer) return null;
      const counts = Object.keys(answer.filters || {}).length ? answer.filters : all;
      // What people look for most, policies, stands before the rest unless a kind is chosen.
      const policies = filters.kind ? { results: [] } : await pagefind.search(query || null, { filters: { ...filters, kind: { any: ["policy"] } } });
      const sections = !filters.kind && isNumber(query) ? await pagefind.search(query, { filters: { ...filters, kind: { any: ["section"] } } }) : { results: [] };
      const every = [...await numbered(query, sections.results), ...policies.results, ...answer.results];
      const nonsense = await isNonsense(query, answer.results);
      const results = nonsense ? [] : [...new Map(every.map((one) => [one.id, one])).values()];
      const load = async (from, to) => (await Promise.all(results.slice(from, to).map((one) => one.data())))
        .map((one) => ({ url: one.url, kind: one.meta.kind || "", title: one.meta.title || one.url, id: one.meta.id || "", about: "", excerpt: one.excerpt }));
      return { total: results.length, counts: nonsense ? {} : counts, load };
    };
  };

  // An excerpt comes as HTML whose only marks are <mark>; it is taken apart as text, never set as HTML.
  const excerpt = (text) => {
    const found = document.createDocumentFragment();
    const decode = (part) => part.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&quot;/g, '"').replace(/&#x27;|&#39;/g, "'").replace(/&amp;/g, "&");
    for (const [place, part] of text.split(/<\/?mark>/).entries()) found.append(place % 2 ? make("mark", {}, decode(part)) : decode(part));
    return found;
  };

  // While words are typed, the pages whose titles have them are offered below the field; Enter without a choice searches all.
  const suggest = (input, number) => {
    const most = 8;
    const list = make("ul", { class: "suggestions", id: `suggestions-${number}`, role: "listbox", "aria-label": "Pages" });
    const said = make("span", { class: "unseen", role: "status", "aria-live": "polite" });
    list.hidden = true;
    input.form.append(list, said);
    for (const [name, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id })) input.setAttribute(name, value);
    let engine, round = 0, at = -1;
    const close = () => {
      list.hidden = true;
      at = -1;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    };
    const choose = (to) => {
      const options = [...list.children];
      at = (to + options.length + 1) % (options.length + 1);
      if (at === options.length) at = -1;
      options.forEach((one, place) => one.setAttribute("aria-selected", String(place === at)));
      if (at < 0) return input.removeAttribute("aria-activedescendant");
      input.setAttribute("aria-activedescendant", options[at].id);
      options[at].scrollIntoView({ block: "nearest" });
    };
    const run = async () => {
      const mine = ++round;
      const query = input.value.trim();
      if (!query) return close();
      try {
        engine = engine || titleEngine();
        const answer = await (await engine)(query, {});
        const found = await answer.load(0, most);
        if (mine !== round || document.activeElement !== input) return;
        list.replaceChildren(...found.map((one, place) => {
          const option = make("li", { role: "option", id: `${list.id}-${place}`, "aria-selected": "false" }, one.title, make("span", { class: "quiet" }, `${one.kind} ${one.id}`));
          option.addEventListener("pointerdown", (event) => { event.preventDefault(); location.href = one.url; });
          return option;
        }));
        at = -1;
        list.hidden = !found.length;
        input.setAttribute("aria-expanded", String(!!found.length));
        said.textContent = found.length ? `${answer.total} pages; the arrow keys choose` : "no page of that name; Enter searches the texts";
      } catch {
        engine = null;
        close();
      }
    };
    let waiting = 0;
    input.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(run, 80); });
    input.addEventListener("blur", close);
    input.addEventListener("keydown", (event) => {
      if (list.hidden) return;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); choose(at + (event.key === "ArrowDown" ? 1 : -1)); }
      if (event.key === "Escape") { event.preventDefault(); round++; close(); }
      if (event.key === "Enter" && at >= 0) { event.preventDefault(); list.children[at].dispatchEvent(new Event("pointerdown", { cancelable: true })); }
    });
  };

  const scrolling = () => {
    const notes = [...document.querySelectorAll(".scrolls")];
    const mark = () => { for (const note of notes) { const pane = note.nextElementSibling; note.classList.toggle("overflows", pane.scrollWidth > pane.clientWidth + 1 || pane.scrollHeight > pane.clientHeight + 1); } };
    if (notes.length) { mark(); addEventListener("resize", mark, { passive: true }); }
    const current = document.querySelector(".side [aria-current]");
    if (current) { const side = current.closest(".side"); side.scrollTop = Math.max(0, current.offsetTop - side.clientHeight / 2); }
  };

  const search = () => {
    const place = document.querySelector("[data-search]");
    if (!place) return;
    const [input, facets, list, status, more] = ["[data-search-input]", "[data-facets]", "[data-results]", "[data-search-status]", "[data-more]"].map((name) => document.querySelector(name));
    const given = new URLSearchParams(location.search);
    const chosen = {};
    for (const [name] of FACETS) chosen[name] = given.getAll(name);
    input.value = given.get("q") || "";
    for (const other of document.querySelectorAll("#find")) other.value = input.value;
    let engine, round = 0, answer = null, shown = 0;

    const result = (one) => {
      const item = make("li", {}, make("a", { href: one.url }, one.title), make("p", { class: "quiet" }, `${one.kind} `, make("code", {}, one.id)));
      if (one.excerpt || one.about) item.append(make("p", {}, one.excerpt ? excerpt(one.excerpt) : one.about));
      return item;
    };
    const showMore = async (mine) => {
      const found = await answer.load(shown, shown + STEP);
      if (mine !== round) return;
      shown += STEP;
      list.append(...found.map(result));
      more.hidden = shown >= answer.total;
    };
    const drawFacets = (counts) => {
      const focused = document.activeElement && document.activeElement.closest("[data-facets]") ? document.activeElement.id : "";
      facets.replaceChildren(...FACETS.flatMap(([name, label]) => {
        const values = Object.entries(counts[name] || {}).filter(([value, number]) => number || chosen[name].includes(value));
        if (values.length < 1 || (values.length === 1 && !chosen[name].length)) return [];
        values.sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]));
        const rows = values.map(([value, number], at) => {
          const box = make("input", { type: "checkbox", id: `facet-${name}-${at}` });
          box.checked = chosen[name].includes(value);
          box.addEventListener("change", () => {
            chosen[name] = box.checked ? [...chosen[name], value] : chosen[name].filter((one) => one !== value);
            run();
          });
          return make("label", {}, box, make("span", {}, value), make("span", {}, String(number)));
        });
        return [make("fieldset", {}, make("legend", {}, label), make("div", { class: "scroll" }, ...rows))];
      }));
      if (focused) { const box = document.getElementById(focused); if (box) box.focus(); }
    };
    const run = async () => {
      const mine = ++round;
      const query = input.value.trim();
      const address = new URLSearchParams();
      if (query) address.set("q", query);
      for (const [name, values] of Object.entries(chosen)) for (const value of values) address.append(name, value);
      history.replaceState(null, "", `${location.pathname}${address.size ? `?${address}` : ""}`);
      const any = query || Object.values(chosen).some((values) => values.length);
      if (!engine) status.textContent = "Loading the index …";
      try {
        engine = engine || await (byTitles ? titleEngine() : indexEngine());
        answer = await engine(query, chosen);
      } catch {
        status.textContent = "The search index could not be loaded.";
        return;
      }
      if (mine !== round || !answer) return;
      shown = 0;
      list.replaceChildren();
      drawFacets(answer.counts);
      more.hidden = true;
      if (any) await showMore(mine);
      if (mine !== round) return;
      status.textContent = !any ? "Type words, an id or a number, or tick a box." : answer.total ? `${answer.total.toLocaleString("en")} found` : "Nothing found.";
    };
    let waiting = 0;
    input.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(run, 120); });
    input.form.addEventListener("submit", (event) => { event.preventDefault(); run(); });
    more.addEventListener("click", () => showMore(round));
    run();
    if (!input.value) input.focus();
  };

  // What is folded on screen is not on paper.
  const opened = [];
  addEventListener("beforeprint", () => { for (const one of document.querySelectorAll("details:not([open])")) { one.open = true; opened.push(one); } });
  addEventListener("afterprint", () => { for (const one of opened.splice(0)) one.open = false; });

  document.addEventListener("DOMContentLoaded", () => { 
    themes(); copies(); keys(); openTarget(); contents(); scrolling(); search();
    [...document.querySelectorAll(".find input:not([data-search-input])")].forEach(suggest);
  });
  addEventListener("hashchange", openTarget);
})();
