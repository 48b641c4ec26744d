// A list of any length as a treegrid: only the rows in sight are drawn. It knows neither findings nor how they are kept.
// rows(): how many; draw(row, element): fills a row; act(row), fold(row, open): Enter and click, arrows to the sides.
const makeList = (frame, inner, { rows, draw, act, fold, height = 32 }) => {
  const TALLEST = 6e6; // pixels: browsers draw nothing beyond some height, so longer lists scroll in larger steps
  let pool = [], current = 0, first = 0;
  const view = () => Math.max(1, Math.floor(frame.clientHeight / height));
  const full = () => rows() * height;
  const scale = () => (full() > TALLEST ? (full() - frame.clientHeight) / (TALLEST - frame.clientHeight) : 1);
  const paint = () => {
    const by = scale(), top = frame.scrollTop, start = (top * by) / height, some = view() + 8;
    first = Math.max(0, Math.min(Math.floor(start) - (by === 1 ? 4 : 0), rows() - 1));
    inner.style.height = `${Math.min(full(), TALLEST)}px`;
    while (pool.length < some) {
      const row = document.createElement("div");
      row.setAttribute("role", "row");
      row.addEventListener("click", () => { move(row.at); act(row.at); });
      inner.append(row);
      pool.push(row);
    }
    pool.forEach((row, number) => {
      const at = first + number;
      row.hidden = number >= some || at >= rows();
      if (row.hidden) { row.removeAttribute("id"); return; }
      row.at = at;
      row.id = `row-${at}`;
      row.className = at === current ? "row current" : "row";
      row.setAttribute("aria-rowindex", at + 1);
      row.style.top = `${by === 1 ? at * height : top + (at - start) * height}px`;
      draw(at, row);
    });
    frame.setAttribute("aria-rowcount", rows());
    const shown = current >= first && current < first + some && current < rows();
    if (shown) frame.setAttribute("aria-activedescendant", `row-${current}`); else frame.removeAttribute("aria-activedescendant");
  };
  const move = to => {
    current = Math.max(0, Math.min(rows() - 1, to));
    const by = scale(), from = Math.ceil((frame.scrollTop * by) / height), last = from + view() - 1;
    if (current < from) frame.scrollTop = (current * height) / by;
    else if (current >= last) frame.scrollTop = ((current - view() + 2) * height) / by;
    paint();
  };
  const KEYS = { ArrowDown: 1, ArrowUp: -1, PageDown: 15, PageUp: -15, Home: -Infinity, End: Infinity };
  frame.addEventListener("keydown", event => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key in KEYS) move(current + KEYS[event.key]);
    else if (event.key === "Enter" || event.key === " ") act(current);
    else if (event.key === "ArrowRight") fold(current, true);
    else if (event.key === "ArrowLeft") fold(current, false);
    else return;
    event.preventDefault();
  });
  let waiting = false;
  const later = () => { if (!waiting) { waiting = true; requestAnimationFrame(() => { waiting = false; paint(); }); } };
  frame.addEventListener("scroll", later);
  addEventListener("resize", later);
  return { paint, move, top: () => { current = 0; frame.scrollTop = 0; paint(); } };
};
