// The findings of one file: columns unpacked, chosen, grouped, shown. All texts are drawn as text, never as markup.
const $ = id => document.getElementById(id);
const number = new Intl.NumberFormat("en").format;
const make = (tag, name, text) => {
  const made = document.createElement(tag);
  if (name) made.className = name;
  if (text !== undefined) made.textContent = text;
  return made;
};
const SIGNS = { COMPLIANT: "✓", INCOMPLIANT: "✕", UNDETERMINED: "?", INAPPLICABLE: "–", DISAPPEARED: "∅" };
const UNSEEN = "\\s\\x00-\\x1f\\x7f-\\x9f\\xad\\u061c\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff";
const FORMULA = new RegExp(`^'*(?:[\\t\\r\\n]|[${UNSEEN}]*[=+\\-@\\uff1d\\uff0b\\uff0d\\uff20])`);
const BY = { policy: ["policy", "policies"], object: ["object", "objects"], account: ["account", "accounts"], reason: ["reason", "reasons"] };
const PAPER = 2000;

const unpacked = async name => {
  const held = $(`column-${name}`), text = held.textContent;
  held.remove();
  const bytes = Uint8Array.fromBase64 ? Uint8Array.fromBase64(text) : Uint8Array.from(atob(text), sign => sign.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip")));
};
const numbers = async name => new Uint32Array(await (await unpacked(name)).arrayBuffer());
const starts = (text, lines) => {
  const found = new Uint32Array(lines + 1);
  for (let line = 0, at = 0; line < lines; line++) found[line + 1] = at = text.indexOf("\n", at) + 1;
  return found;
};
// Lines of one text: no line is a text of its own before somebody wants to see it.
const texts = async (name, lines) => {
  const text = await (await unpacked(name)).text(), low = text.toLowerCase(), from = starts(text, lines);
  const lowFrom = low.length === text.length ? from : starts(low, lines);
  const mark = (word, marks, bit) => {
    for (let at = low.indexOf(word), line = 0; at >= 0; at = low.indexOf(word, lowFrom[line])) {
      let high = lines;
      for (let step = 1; line + step < lines; step *= 2) if (lowFrom[line + step] > at) { high = line + step; break; }
      while (line + 1 < high) { const middle = (line + high) >> 1; if (lowFrom[middle] > at) high = middle; else line = middle; }
      marks[line++] |= bit;
    }
  };
  return { line: at => text.slice(from[at], from[at + 1] - 1), mark };
};

let head, names, ids, externals, accountOf, regionOf, typeOf, endOf, lifeOf, objectOf, firstOf, total, list;
let hits = new Uint32Array(0), groups = [], ends = [0], chosen = -1, policyOf, statusOf, reasonOf, reasons, rankOf, loose;
const state = { by: "policy", q: "", status: "", policy: "", account: "", region: "", requirement: "", severity: "", life: "", waived: "", open: new Set() };
const FILTERS = ["status", "policy", "account", "region", "requirement", "severity", "life", "waived"];
const UNRATED = "not rated", UNKNOWN_LIFE = ["not in the history", null, 0, null, null, null];

const load = async () => {
  head = JSON.parse(await (await unpacked("head")).text());
  let many;
  [names, ids, externals, accountOf, regionOf, typeOf, many, endOf, lifeOf] = await Promise.all([
    texts("names", head.objects), texts("ids", head.objects), texts("external_ids", head.objects),
    numbers("accounts"), numbers("regions"), numbers("types"), numbers("findings"), numbers("ends"), head.lives ? numbers("lives") : null]);
  if (head.lives) head.lives.unshift(UNKNOWN_LIFE);
  total = endOf.length;
  objectOf = new Uint32Array(total);
  firstOf = new Uint32Array(head.objects + 1);
  for (let object = 0, at = 0; object < head.objects; object++) { objectOf.fill(object, at, at += many[object]); firstOf[object + 1] = at; }
  policyOf = Uint32Array.from(head.endings, one => one[0]);
  statusOf = Uint8Array.from(head.endings, one => one[1]);
  const known = new Map();
  reasonOf = Uint32Array.from(head.endings, one => { if (!known.has(one[2])) known.set(one[2], known.size); return known.get(one[2]); });
  reasons = [...known.keys()];
  rankOf = Uint8Array.from(head.endings, one => (head.severities ? (head.severities.indexOf(one[4]) + 1 || head.severities.length + 1) : 0));
  loose = head.statuses.map((status, at) => at).sort((a, b) => (head.statuses[b] === "INCOMPLIANT") - (head.statuses[a] === "INCOMPLIANT") || (head.statuses[b] === "UNDETERMINED") - (head.statuses[a] === "UNDETERMINED"));
};

// Which findings are wanted: bits of words by object and by ending, then one pass over numbers.
const select = () => {
  const words = [...new Set(state.q.toLowerCase().split(/\s+/).filter(Boolean))].slice(0, 30), all = 2 ** words.length - 1;
  const ofObject = new Uint32Array(head.objects), ofEnd = new Uint32Array(head.endings.length), ofAccount = new Uint32Array(head.accounts.length);
  words.forEach((word, at) => {
    const bit = 1 << at;
    for (const column of [names, ids, externals]) column.mark(word, ofObject, bit);
    head.accounts.forEach((text, account) => { if (text.toLowerCase().includes(word)) ofAccount[account] |= bit; });
    const found = head.policies.map(one => `${one.title}\n${one.id}\n${one.requirements.join("\n")}`.toLowerCase().includes(word));
    head.endings.forEach((one, end) => { if (found[one[0]] || one[2].toLowerCase().includes(word)) ofEnd[end] |= bit; });
  });
  const account = state.account === "" ? -1 : head.accounts.indexOf(state.account), region = state.region === "" ? -1 : head.regions.indexOf(state.region);
  const wanted = head.endings.map(one => (state.status === "" || head.statuses[one[1]] === state.status)
    && (state.policy === "" || head.policies[one[0]].id === state.policy)
    && (state.requirement === "" || head.policies[one[0]].requirements.includes(state.requirement))
    && (state.severity === "" || (one[4] || UNRATED) === state.severity));
  const lives = lifeOf && (state.life || state.waived) ? head.lives.map(one => (state.life === "" || one[0] === state.life) && (state.waived === "" || (one[3] !== null) === (state.waived === "waived"))) : null;
  const found = new Uint32Array(total);
  let many = 0;
  for (let at = 0; at < total; at++) {
    const end = endOf[at], object = objectOf[at];
    if (!wanted[end] || (lives && !lives[lifeOf[at]]) || (state.account !== "" && accountOf[object] !== account) || (state.region !== "" && regionOf[object] !== region)) continue;
    if (all && (ofObject[object] | ofEnd[end] | ofAccount[accountOf[object]]) >>> 0 !== all) continue;
    found[many++] = at;
  }
  return found.slice(0, many);
};
const KEY = { policy: at => policyOf[endOf[at]], object: at => objectOf[at], account: at => accountOf[objectOf[at]], reason: at => reasonOf[endOf[at]] };
const SIZE = { policy: () => head.policies.length, object: () => head.objects, account: () => head.accounts.length, reason: () => reasons.length };
const NAME = { policy: key => head.policies[key].title, object: key => called(key), account: key => head.accounts[key], reason: key => reasons[key] };

// Findings by group, by counting: the groups with the most severe findings first, then those with most to do.
const compute = () => {
  const found = select(), key = KEY[state.by], size = SIZE[state.by](), of = head.statuses.length;
  const fresh = new Uint32Array(size), counts = new Uint32Array(size * of), many = new Uint32Array(size), at = new Uint32Array(size), worst = new Uint8Array(size).fill(255);
  const isFresh = lifeOf && Uint8Array.from(head.lives, one => one[0] === "new"), groupOf = new Uint32Array(found.length);
  for (let place = 0; place < found.length; place++) {
    const one = found[place], group = groupOf[place] = key(one);
    many[group]++;
    worst[group] = Math.min(worst[group], rankOf[endOf[one]]);
    counts[group * of + statusOf[endOf[one]]]++;
    if (isFresh) fresh[group] += isFresh[lifeOf[one]];
  }
  const kept = [];
  for (let group = 0; group < size; group++) if (many[group]) kept.push(group);
  const byTitle = state.by === "policy" ? (a, b) => (NAME.policy(a) < NAME.policy(b) ? -1 : 1) : (a, b) => a - b;
  kept.sort((a, b) => { for (const status of loose) { const more = worst[a] - worst[b] || counts[b * of + status] - counts[a * of + status]; if (more) return more; } return byTitle(a, b); });
  let sum = 0;
  groups = kept;
  groups.from = new Uint32Array(kept.length + 1);
  kept.forEach((group, place) => { at[group] = sum; sum += many[group]; groups.from[place + 1] = sum; });
  groups.fresh = fresh;
  groups.counts = group => counts.subarray(group * of, group * of + of);
  hits = new Uint32Array(found.length);
  for (let place = 0; place < found.length; place++) hits[at[groupOf[place]]++] = found[place];
  layout();
  const [one, several] = BY[state.by];
  $("shown").textContent = `${number(hits.length)} of ${number(total)} findings in ${number(groups.length)} ${groups.length === 1 ? one : several}`;
  $("none").hidden = hits.length > 0;
  save();
};
const layout = () => {
  ends = new Uint32Array(groups.length + 1);
  groups.forEach((group, place) => { ends[place + 1] = ends[place] + 1 + (isOpen(group) ? groups.from[place + 1] - groups.from[place] : 0); });
};
const isOpen = group => state.open.has(group) || groups.length === 1;
const rows = () => ends[groups.length] ?? 0;
const placed = object => [head.regions[regionOf[object]], head.accounts[accountOf[object]]].filter(Boolean).join(", ");
const called = object => names.line(object) || ids.line(object);
// A row is a group and, below it, one of its findings: -1 for the group's own.
const rowAt = row => {
  let low = 0, high = groups.length;
  while (low + 1 < high) { const middle = (low + high) >> 1; if (ends[middle] > row) high = middle; else low = middle; }
  return [low, row - ends[low] - 1];
};
const cell = (name, text, title) => { const made = make("span", name, text); made.setAttribute("role", "gridcell"); if (title) made.title = title; return made; };
const status = at => head.statuses[at];
const life = at => head.lives[lifeOf[at]];
// How long a finding stands, in a few words: a waiver goes before all else.
const stands = ([word, since, , waiver, until]) => (waiver !== null ? `⊘ waived ${until ? `until ${until}` : "without an end"}` : since ? (word === "open" ? `since ${since}` : `${word}, ${since}`) : word);
const signed = (name, text) => cell(`status ${name}`, `${SIGNS[name]} ${text}`);
const draw = (row, element) => {
  const [place, below] = rowAt(row), group = groups[place];
  if (below < 0) {
    const counts = groups.counts(group), open = isOpen(group), said = make("span", "counts");
    said.setAttribute("role", "gridcell");
    for (const one of loose) if (counts[one]) {
      const count = make("span", `status ${status(one)}`, `${SIGNS[status(one)]} ${number(counts[one])}`);
      count.append(make("span", "word", ` ${status(one).toLowerCase()}`));
      said.append(count);
    }
    if (groups.fresh[group]) said.append(make("span", "soft", `${number(groups.fresh[group])} new`));
    if (state.by === "policy") said.append(make("span", "soft", `of ${number(head.policies[group].asked)}`));
    element.classList.add("group");
    element.setAttribute("aria-level", 1);
    element.setAttribute("aria-expanded", open);
    element.replaceChildren(cell("title", `${open ? "▾" : "▸"} ${NAME[state.by](group)}`, NAME[state.by](group)), said);
    return;
  }
  const at = hits[groups.from[place] + below], object = objectOf[at], end = head.endings[endOf[at]];
  const what = state.by === "object" ? head.policies[end[0]].title : called(object);
  const beside = state.by === "policy" || state.by === "object" ? end[2] : head.policies[end[0]].title;
  element.classList.toggle("chosen", at === chosen);
  element.setAttribute("aria-level", 2);
  element.removeAttribute("aria-expanded");
  element.replaceChildren(signed(status(end[1]), status(end[1]).toLowerCase()), cell("what", what, what), cell("beside soft", beside, beside), ...(lifeOf ? [cell("life soft", stands(life(at)), stands(life(at)))] : []), cell("account soft", placed(object), placed(object)));
};
const fold = (row, open) => {
  if (!rows()) return;
  const [place, below] = rowAt(row), group = groups[place];
  if (below >= 0) { if (!open) list.move(ends[place]); return; }
  if (open) state.open.add(group); else state.open.delete(group);
  layout();
  list.paint();
};
const act = row => {
  if (!rows()) return;
  const [place, below] = rowAt(row);
  if (below < 0) fold(row, !state.open.has(groups[place])); else { show(hits[groups.from[place] + below]); list.paint(); }
};

const shellWord = text => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
const command = (words, policy, object) => words.map(word => (word === null ? shellWord(ids.line(object) || names.line(object)) : word === 0 ? shellWord(policy.id) : shellWord(word))).join(" ");
const show = at => {
  chosen = at;
  const object = objectOf[at], [policyNumber, statusNumber, message, remediation] = head.endings[endOf[at]], policy = head.policies[policyNumber];
  const pairs = make("dl"), close = make("button", "", "Close"), others = firstOf[object + 1] - firstOf[object] - 1;
  const pair = (term, text) => { if (text) pairs.append(make("dt", "", term), make("dd", "", text)); };
  pair("Object", names.line(object));
  pair("Id", ids.line(object));
  pair("External id", externals.line(object));
  pair("Type", head.types[typeOf[object]]);
  pair("Account", head.accounts[accountOf[object]]);
  pair("Region", head.regions[regionOf[object]]);
  if (head.severities) pair("Severity", head.endings[endOf[at]][5] || UNRATED);
  if (lifeOf) {
    const [word, since, episodes, waiver, until, why] = life(at);
    pair("Life", `${word}${since ? `${word === "open" ? "" : ", open"} since ${since}` : ""}${episodes > 1 ? `, episode ${number(episodes)}` : ""}`);
    if (waiver !== null) pair("Waived", `${until ? `until ${until}` : "without an end"}: ${why} (${waiver})`);
  }
  pair("Answers", policy.requirements.join(", "));
  pair("Of this object", others ? `${number(others)} other ${others === 1 ? "finding" : "findings"}` : "no other finding");
  close.type = "button";
  close.addEventListener("click", hide);
  const parts = [make("h2", "", policy.title), make("p", "soft code", policy.id), make("p", `status ${status(statusNumber)}`, `${SIGNS[status(statusNumber)]} ${status(statusNumber).toLowerCase()}`), make("p", "", message)];
  if (remediation) parts.push(make("h3", "", "Next step"), make("p", "", remediation));
  parts.push(pairs);
  if (policy.remedy && status(statusNumber) === "INCOMPLIANT" && head.remediate.length) parts.push(make("h3", "", "Commands that fix it"), make("pre", "", command(head.remediate, policy, object)));
  if (head.explain.length) parts.push(make("h3", "", "Full explanation"), make("pre", "", command(head.explain, policy, object)));
  $("detail").replaceChildren(...parts, close);
  $("detail").hidden = false;
  save();
};
const hide = () => { chosen = -1; $("detail").hidden = true; save(); list.paint(); $("list").focus(); };

// What is shown stands in the address: by names, so that it holds for a later file, too.
const save = () => {
  const said = new URLSearchParams();
  if (state.by !== "policy") said.set("by", state.by);
  for (const name of ["q", ...FILTERS]) if (state[name]) said.set(name, state[name]);
  if (chosen >= 0) { said.set("in", head.policies[policyOf[endOf[chosen]]].id); said.set("object", ids.line(objectOf[chosen]) || names.line(objectOf[chosen])); }
  history.replaceState(null, "", `#${said}`);
};
const choose = said => {
  state.by = Object.hasOwn(BY, said.get("by") ?? "") ? said.get("by") : "policy";
  for (const name of ["q", ...FILTERS]) state[name] = said.get(name) ?? "";
  for (const name of FILTERS) {
    if ($(name)) $(name).value = state[name];
    if ($(name)?.value !== state[name]) state[name] = "";
    if ($(name)) $(name).value = state[name];
  }
  $("q").value = state.q;
  $("by").value = state.by;
};
const restore = () => {
  const said = new URLSearchParams(location.hash.slice(1)), policy = said.get("in"), object = said.get("object");
  choose(said);
  chosen = -1;
  for (let at = 0; policy && object && at < total && chosen < 0; at++) {
    if (head.policies[policyOf[endOf[at]]].id !== policy) continue;
    if ((ids.line(objectOf[at]) || names.line(objectOf[at])) === object) chosen = at;
  }
};

const cellText = text => {
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};
const record = at => {
  const object = objectOf[at], [policy, statusNumber, message, remediation] = head.endings[endOf[at]];
  const severity = head.severities ? head.endings[endOf[at]].slice(4) : [];
  return [head.policies[policy].id, status(statusNumber), message, remediation, ids.line(object), names.line(object), externals.line(object), head.types[typeOf[object]], head.accounts[accountOf[object]], head.regions[regionOf[object]], ...(lifeOf ? [life(at)[0], life(at)[1] ?? "", life(at)[3] ?? "", life(at)[4] ?? ""] : []), ...severity];
};
const saveCsv = () => {
  const parts = ["policyId,status,currentStateMessage,remediationMessage,objectId,objectName,externalId,typeName,account,region" + (lifeOf ? ",life,openSince,waiver,waivedUntil" : "") + (head.severities ? ",severity,rating" : "") + "\r\n"];
  for (const at of hits) parts.push(`${record(at).map(cellText).join(",")}\r\n`);
  const link = make("a"), address = URL.createObjectURL(new Blob(parts, { type: "text/csv" }));
  link.href = address;
  link.download = "findings.csv";
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60000);
};
const print = () => {
  const table = make("table"), top = table.createTHead().insertRow(), body = table.createTBody();
  for (const title of ["Status", "Policy", "Object", "Region, account", ...(lifeOf ? ["Life"] : []), "What was found"]) top.append(make("th", "", title));
  for (const at of hits.subarray(0, PAPER)) {
    const [policy, name, message, , id, object] = record(at), row = body.insertRow();
    for (const text of [`${SIGNS[name]} ${name.toLowerCase()}`, head.policies.find(one => one.id === policy).title, object || id, placed(objectOf[at]), ...(lifeOf ? [stands(life(at))] : []), message]) row.insertCell().textContent = text;
  }
  const rest = hits.length - PAPER;
  $("paper").replaceChildren(make("h2", "", "Findings"), make("p", "", $("shown").textContent + (rest > 0 ? `; the first ${number(PAPER)} are printed, the file has the other ${number(rest)}` : "")), table);
};

const options = (name, values) => $(name)?.append(...values.map(([value, text]) => { const made = make("option", "", text); made.value = value; return made; }));
const counted = of => { const found = new Map(); for (let at = 0; at < total; at++) { const key = of(at); found.set(key, (found.get(key) ?? 0) + 1); } return found; };
const start = async () => {
  await load();
  const byStatus = counted(at => statusOf[endOf[at]]), byPolicy = counted(KEY.policy), byAccount = counted(KEY.account);
  options("status", loose.filter(one => byStatus.has(one)).map(one => [status(one), `${status(one).toLowerCase()} (${number(byStatus.get(one))})`]));
  options("policy", [...byPolicy.keys()].map(one => [head.policies[one].id, `${head.policies[one].title} (${number(byPolicy.get(one))})`]).sort((a, b) => (a[1] < b[1] ? -1 : 1)));
  options("account", [...byAccount.keys()].map(one => [head.accounts[one], `${head.accounts[one]} (${number(byAccount.get(one))})`]).sort((a, b) => (a[1] < b[1] ? -1 : 1)));
  const byRegion = counted(at => regionOf[objectOf[at]]);
  byRegion.delete(0);
  options("region", [...byRegion.keys()].map(one => [head.regions[one], `${head.regions[one]} (${number(byRegion.get(one))})`]).sort((a, b) => (a[1] < b[1] ? -1 : 1)));
  $("region").parentElement.hidden = byRegion.size === 0;
  if (head.severities) {
    const bySeverity = counted(at => head.endings[endOf[at]][4] || UNRATED);
    options("severity", [...head.severities, UNRATED].filter(one => bySeverity.has(one)).map(one => [one, `${one} (${number(bySeverity.get(one))})`]));
  }
  if (lifeOf) {
    const byWord = counted(at => life(at)[0]), waived = counted(at => (life(at)[3] !== null ? "waived" : "not waived"));
    options("life", [...byWord].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([word, many]) => [word, `${word} (${number(many)})`]));
    options("waived", ["waived", "not waived"].map(one => [one, `${one} (${number(waived.get(one) ?? 0)})`]));
    for (const one of ["list", "paper"]) $(one).classList.add("lived");
  }
  options("requirement", head.requirements.map(one => [one.key, `${one.key} ${one.name}`]));
  list = makeList($("list"), $("rows"), { rows, draw, act, fold });
  const renew = () => { compute(); list.top(); };
  const begin = () => { restore(); state.open.clear(); compute(); list.top(); if (chosen >= 0) { const at = chosen, place = groups.indexOf(KEY[state.by](at)), below = place < 0 ? -1 : hits.subarray(groups.from[place], groups.from[place + 1]).indexOf(at); if (below >= 0) { state.open.add(groups[place]); layout(); list.move(ends[place] + 1 + below); } show(at); } else $("detail").hidden = true; };
  let timer;
  $("q").addEventListener("input", () => { state.q = $("q").value; clearTimeout(timer); timer = setTimeout(renew, 50); });
  for (const name of [...FILTERS, "by"]) $(name)?.addEventListener("change", () => { state[name] = $(name).value; state.open.clear(); renew(); });
  $("clear").addEventListener("click", () => { for (const name of [...FILTERS, "q"]) { state[name] = ""; if ($(name)) $(name).value = ""; } renew(); });
  $("csv").addEventListener("click", saveCsv);
  for (const button of document.querySelectorAll("[data-show]")) button.addEventListener("click", () => { choose(new URLSearchParams(button.dataset.show)); state.open.clear(); renew(); $("list").scrollIntoView({ block: "center" }); $("list").focus({ preventScroll: true }); });
  addEventListener("keydown", event => { if (event.key === "Escape" && chosen >= 0) hide(); });
  addEventListener("hashchange", begin);
  addEventListener("beforeprint", print);
  addEventListener("afterprint", () => $("paper").replaceChildren());
  begin();
  $("work").hidden = false;
  list.paint();
  document.documentElement.dataset.ready = Math.round(performance.now());
};
// Folds open for print by the style sheet too: this is for browsers that cannot style what a fold hides.
const unfolded = [];
addEventListener("beforeprint", () => { for (const one of document.querySelectorAll("details:not([open])")) { one.open = true; unfolded.push(one); } });
addEventListener("afterprint", () => { for (const one of unfolded.splice(0)) one.open = false; });
start().catch(error => { $("failed").hidden = false; $("failed").textContent = `The findings of this file cannot be shown: ${error.message}. The numbers above are right. The list needs a browser of 2023 or later.`; });
