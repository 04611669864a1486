
"use strict";
(() => {
  const root = JSON.parse(document.getElementById("tree").textContent);
  const map = document.getElementById("map");
  const path = document.getElementById("path");
  const make = (name, text, className) => {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    if (className) made.className = className;
    return made;
  };
  const size = (bytes) => {
    const units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let unit = 0;
    while (bytes >= 1024 && unit < units.length - 1) { bytes /= 1024; unit += 1; }
    const shown = unit ? bytes.toLocaleString("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 }) : bytes;
    return `${shown} ${units[unit]}`;
  };

  // Squarified treemap: rows along the shorter side, each as long as its parts do not become flatter.
  const place = (parts, box) => {
    if (box.width < 1 || box.height < 1) return [];
    const total = parts.reduce((sum, part) => sum + part.weight, 0);
    const scale = (box.width * box.height) / total;
    const waiting = parts.map((part) => ({ ...part, area: part.weight * scale }));
    const placed = [];
    let { x, y, width, height } = box;
    while (waiting.length) {
      const side = Math.min(width, height);
      const flattest = (row) => {
        const sum = row.reduce((all, part) => all + part.area, 0);
        const thick = sum / side;
        return Math.max(...row.map((part) => Math.max(thick ** 2 / part.area, part.area / thick ** 2)));
      };
      const row = [waiting.shift()];
      while (waiting.length && flattest([...row, waiting[0]]) <= flattest(row)) row.push(waiting.shift());
      const thick = row.reduce((all, part) => all + part.area, 0) / side;
      let along = 0;
      for (const part of row) {
        const long = part.area / thick;
        placed.push(width >= height
          ? { ...part, x, y: y + along, width: thick, height: long }
          : { ...part, x: x + along, y, width: long, height: thick });
        along += long;
      }
      if (width >= height) { x += thick; width -= thick; } else { y += thick; height -= thick; }
    }
    return placed;
  };

  let trail = [root];
  const enter = (next, focus) => {
    trail = next;
    draw();
    if (focus) (map.querySelector("button:not(:disabled)") || path.querySelector("button")).focus();
  };

  const draw = () => {
    const node = trail[trail.length - 1];
    path.replaceChildren(...trail.map((step, at) => {
      const button = make("button", step.name);
      button.type = "button";
      if (at === trail.length - 1) button.setAttribute("aria-current", "location");
      button.addEventListener("click", () => enter(trail.slice(0, at + 1), true));
      return button;
    }));
    const note = `${node.objects.toLocaleString("en")} objects, ${size(node.bytes)}${node.doubtful ? " ~" : ""}`;
    path.append(make("span", note, "quiet"));
    map.replaceChildren();
    const parts = node.children.length ? node.children : [node];
    const shown = parts.filter((part) => part.objects > 0);
    // What has no bytes still has a place: a place without a box could not be entered.
    const least = Math.max(1, node.bytes / 400);
    const weighted = shown.map((part, tone) => ({ part, tone: Math.min(tone, 5), weight: Math.max(part.bytes, least) }));
    weighted.sort((one, other) => other.weight - one.weight);
    if (!weighted.length) return;
    for (const box of place(weighted, { x: 0, y: 0, width: map.clientWidth, height: map.clientHeight })) {
      const { part } = box;
      const about = `${part.objects.toLocaleString("en")} objects, ${size(part.bytes)}`;
      const doubt = part.doubtful ? " ~" : "";
      const button = make("button", undefined, `tone${box.tone}`);
      button.type = "button";
      button.title = `${part.name}: ${about}${part.doubtful ? ` (may be wrong: ${part.doubts.join("; ") || "below"})` : ""}`;
      button.setAttribute("aria-label", button.title);
      Object.assign(button.style, {
        left: `${box.x}px`, top: `${box.y}px`, width: `${box.width}px`, height: `${box.height}px`,
      });
      if (box.width > 46 && box.height > 26) button.append(make("b", part.name + doubt));
      if (box.width > 90 && box.height > 46) button.append(make("span", about));
      if (part === node || !part.children.length) button.disabled = true;
      else button.addEventListener("click", () => enter([...trail, part], true));
      map.append(button);
    }
  };

  map.addEventListener("keydown", (event) => {
    if ((event.key === "Backspace" || event.key === "Escape") && trail.length > 1) {
      event.preventDefault();
      enter(trail.slice(0, -1), true);
    }
  });
  map.hidden = false;
  new ResizeObserver(draw).observe(map.parentElement);
  draw();

  const valueOf = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.value === undefined ? cell.textContent.trim() : Number(cell.dataset.value);
  };
  for (const table of document.querySelectorAll("table[data-sortable]")) {
    const body = table.tBodies[0];
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const button = make("button", head.textContent);
      button.type = "button";
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const numeric = head.classList.contains("number");
        const first = numeric ? "descending" : "ascending";
        const second = numeric ? "ascending" : "descending";
        const order = head.getAttribute("aria-sort") === first ? second : first;
        for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", order);
        const rows = [...body.rows].sort((one, other) => {
          const [left, right] = [valueOf(one, column), valueOf(other, column)];
          const compared = typeof left === "number" ? left - right : left.localeCompare(right);
          return order === "ascending" ? compared : -compared;
        });
        body.append(...rows);
      });
    });
    if (body.rows.length > 8 || table.dataset.filter) {
      const input = make("input");
      input.type = "search";
      input.placeholder = table.dataset.filter || "Filter";
      input.setAttribute("aria-label", input.placeholder);
      input.addEventListener("input", () => {
        const wanted = input.value.toLowerCase();
        for (const row of body.rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
      });
      (table.closest(".wide") || table).before(input);
    }
  }

  for (const button of document.querySelectorAll("button[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const code = button.previousElementSibling;
      try {
        await navigator.clipboard.writeText(code.textContent);
        button.textContent = "Copied";
      } catch {
        // A page from disk may not be let at the clipboard: the line is marked instead.
        getSelection().selectAllChildren(code);
        button.textContent = "Marked";
      }
    });
  }
})();
