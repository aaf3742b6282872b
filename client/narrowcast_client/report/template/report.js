// Replaces the static figures by ones with zoom. Without it the page has the same content.
"use strict";
(() => {
  if (!window.uPlot || !window.matchMedia) return;
  const LEFT_PX = 40, RIGHT_PX = 10, STRIP_PX = 20, TIMES_PX = 46, TITLE_PX = 20, MARKS_PX = 46, MOST_TICKS = 9;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const clock = document.getElementById("axis-clock");
  const two = (number) => String(number).padStart(2, "0");
  const figures = [...document.querySelectorAll(".plots")].map((holder) => ({
    holder,
    data: JSON.parse(document.getElementById(holder.dataset.of).textContent),
    plots: [],
    span: null,
  }));

  const colour = (name) =>
    getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const ofDay = (figure) => clock !== null && clock.checked && figure.data.start !== null;

  // The same steps and texts as in the static figure.
  const step = (figure, span) =>
    figure.data.steps.find((one) => span / one <= MOST_TICKS) || 86400 * Math.ceil(span / 86400 / MOST_TICKS);
  const shift = (figure) => (ofDay(figure) ? figure.data.start + figure.data.offset : 0);
  const splits = (figure) => (_, __, low, high) => {
    const every = step(figure, high - low), moved = shift(figure), out = [];
    for (let k = Math.ceil((low + moved) / every); k * every <= high + moved; k += 1) out.push(k * every - moved);
    return out;
  };
  const time = (figure, at, decimals) => {
    const whole = Math.round((at + shift(figure)) * 10 ** decimals);
    const total = Math.floor(whole / 10 ** decimals);
    const rest = decimals ? `.${String(whole % 10 ** decimals).padStart(decimals, "0")}` : "";
    const s = total % 60, min = Math.floor(total / 60) % 60, h = Math.floor(total / 3600);
    if (ofDay(figure)) return `${two(h % 24)}:${two(min)}:${two(s)}${rest}`;
    return (h ? `${h}:${two(min)}` : `${min}`) + `:${two(s)}${rest}`;
  };
  const texts = (figure) => (plot, values) => {
    const every = step(figure, plot.scales.x.max - plot.scales.x.min);
    return values.map((at) => time(figure, at, every < 1 ? 1 : 0));
  };

  const same = (figure) => (plot, scale) => {
    if (scale !== "x" || figure.moving) return;
    figure.moving = true;
    const { min, max } = plot.scales.x;
    figure.span = [min, max];
    figure.plots.forEach((other) => other !== plot && other.setScale("x", { min, max }));
    figure.moving = false;
  };

  const marks = (figure, labelled) => (plot) => {
    const { ctx, bbox } = plot, ratio = window.devicePixelRatio;
    ctx.save();
    ctx.strokeStyle = ctx.fillStyle = colour("mark");
    ctx.lineWidth = ratio;
    ctx.setLineDash([3 * ratio, 3 * ratio]);
    ctx.font = `${11 * ratio}px sans-serif`;
    let index = 0;
    for (const mark of figure.data.marks) {
      if (mark.at < plot.scales.x.min || mark.at > plot.scales.x.max) continue;
      const x = plot.valToPos(mark.at, "x", true);
      ctx.beginPath();
      ctx.moveTo(x, bbox.top - (labelled ? (18 + 12 * (index % 2)) * ratio : 0));
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      const left = ctx.measureText(mark.text).width + x > bbox.left + bbox.width;
      ctx.textAlign = left ? "right" : "left";
      if (labelled) ctx.fillText(mark.text, x + (left ? -3 : 3) * ratio, bbox.top - (20 + 12 * (index % 2)) * ratio);
      index += 1;
    }
    ctx.restore();
  };

  const strip = (figure) => (plot) => {
    const { ctx, bbox } = plot, { edges, states } = figure.data.strip;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    states.forEach((state, k) => {
      const from = plot.valToPos(edges[k], "x", true), to = plot.valToPos(edges[k + 1], "x", true);
      ctx.fillStyle = colour(`state-${figure.data.states[state]}`);
      ctx.fillRect(from, bbox.top, Math.max(to - from, 0.5), bbox.height);
    });
    ctx.strokeStyle = colour("zero");
    ctx.strokeRect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.restore();
  };

  const told = (figure, panel, output) => (plot) => {
    const at = plot.cursor.idx;
    const values = at === null || at === undefined ? [] : panel.curves.filter((one) => one.y[at] !== null)
      .map((one) => `${panel.curves.length > 1 ? `${one.name} ` : ""}${one.y[at].toFixed(panel.decimals)}`);
    output.textContent = values.length ? `${values.join(", ")} ${panel.unit} at ${time(figure, panel.x[at], 1)}` : "";
  };

  const common = (figure, width, height, last) => ({
    width,
    height: height + (last ? TIMES_PX : 0),
    legend: { show: false },
    cursor: { sync: { key: figure.holder.dataset.of, scales: ["x", null] }, drag: { x: true, y: false }, y: false, points: { size: 5 } },
    padding: [6, RIGHT_PX, 6, 0],
  });
  const timeAxis = (figure, last) => ({
    show: true, size: last ? TIMES_PX : 0, stroke: colour("ink"), font: "11px sans-serif",
    grid: { stroke: colour("rule"), width: 1 }, ticks: { show: last, stroke: colour("rule") },
    splits: splits(figure), values: last ? texts(figure) : (_, values) => values.map(() => ""),
    label: last ? (ofDay(figure) ? "time of day" : "time since the first frame, min:s") : undefined,
    labelSize: 18, labelFont: "11px sans-serif", gap: 2,
  });
  const across = (figure) => ({ time: false, range: (_, low, high) => (low === null ? [0, figure.data.end] : [low, high]) });

  const addPanel = (figure, panel, width, first, last) => {
    const box = document.createElement("div");
    box.className = "panel";
    const title = document.createElement("b"), output = document.createElement("output");
    title.textContent = panel.title;
    if (first) title.className = output.className = "first";
    box.append(title, output);
    figure.holder.append(box);
    const series = [{}], columns = [panel.x], bands = [];
    for (const area of panel.areas) {
      const shade = colour(area.role) + (area.role === "sigma" ? "2e" : "52");
      bands.push({ series: [columns.length + 1, columns.length], fill: shade });
      series.push({ points: { show: false }, width: 0 }, { points: { show: false }, width: 0 });
      columns.push(area.low, area.high);
    }
    for (const curve of panel.curves) {
      const stepped = panel.stepped || curve.role === "cap";
      series.push({
        stroke: colour(curve.role), width: 1.25, points: { show: false },
        dash: curve.role === "cap" ? [6, 4] : undefined,
        paths: stepped ? uPlot.paths.stepped({ align: 1 }) : undefined,
      });
      columns.push(curve.y);
    }
    const [low, high] = [panel.ticks[0], panel.ticks[panel.ticks.length - 1]];
    const every = Math.ceil(panel.ticks.length / Math.max(2, Math.floor(panel.height / 16)));
    const options = {
      ...common(figure, width, panel.height + (first ? MARKS_PX : TITLE_PX), last),
      series, bands,
      scales: { x: across(figure), y: { range: [low, high], distr: panel.log ? 3 : 1 } },
      axes: [timeAxis(figure, last), {
        size: LEFT_PX, font: "11px sans-serif", stroke: colour("ink"), gap: 3,
        grid: { stroke: colour("rule"), width: 1 }, ticks: { show: false },
        splits: () => panel.ticks.filter((_, k) => k % every === 0),
        values: (_, values) => values.map((value) => String(value).replace("-", "\u2212")),
        filter: (_, values) => values,
      }],
      hooks: {
        setScale: [same(figure)], draw: [marks(figure, first)], setCursor: [told(figure, panel, output)],
      },
    };
    options.padding = [first ? MARKS_PX : TITLE_PX, RIGHT_PX, 6, 0];
    figure.plots.push(new uPlot(options, columns, box));
  };

  const addStrip = (figure, width) => {
    const options = {
      ...common(figure, width, STRIP_PX, false),
      padding: [3, RIGHT_PX, 3, 0],
      series: [{}, { points: { show: false } }],
      scales: { x: across(figure), y: { range: [0, 1] } },
      axes: [{ ...timeAxis(figure, false), grid: { show: false } }, {
        size: LEFT_PX, font: "11px sans-serif", stroke: colour("ink"), grid: { show: false }, ticks: { show: false },
        splits: () => [0.5], values: () => ["status"], gap: 3,
      }],
      hooks: { setScale: [same(figure)], draw: [strip(figure)] },
    };
    figure.plots.push(new uPlot(options, [[0, figure.data.end], [null, null]], figure.holder));
  };

  const build = (figure) => {
    figure.plots.splice(0).forEach((plot) => plot.destroy());
    figure.holder.replaceChildren();
    const width = figure.holder.clientWidth, { panels } = figure.data, span = figure.span;
    panels.forEach((panel, k) => {
      addPanel(figure, panel, width, k === 0, k === panels.length - 1);
      if (k === 0) addStrip(figure, width);
    });
    if (span) figure.plots[0].setScale("x", { min: span[0], max: span[1] });
  };

  const keep = (figure) => {
    const paragraph = figure.holder.parentElement.querySelector(".keep");
    paragraph.hidden = false;
    paragraph.firstElementChild.addEventListener("click", () => {
      const still = figure.holder.parentElement.querySelector("svg.figure").cloneNode(true);
      still.querySelectorAll(".time").forEach((times) => {
        const wanted = ofDay(figure) ? "clock" : "since";
        if (times.classList.contains(wanted)) times.removeAttribute("display");
        else times.remove();
      });
      const url = URL.createObjectURL(new Blob([new XMLSerializer().serializeToString(still)], { type: "image/svg+xml" }));
      const link = Object.assign(document.createElement("a"), { href: url, download: `${figure.holder.dataset.of}.svg` });
      link.click();
      setTimeout(() => URL.revokeObjectURL(url), 1000);
    });
  };

  document.documentElement.classList.add("scripted");
  figures.forEach((figure) => {
    figure.holder.hidden = false;
    build(figure);
    keep(figure);
    let width = figure.holder.clientWidth;
    new ResizeObserver(() => {
      if (figure.holder.clientWidth === width || !figure.holder.clientWidth) return;
      width = figure.holder.clientWidth;
      build(figure);
    }).observe(figure.holder);
  });
  const all = () => figures.forEach(build);
  dark.addEventListener("change", all);
  document.querySelectorAll("[name=axis]").forEach((input) => input.addEventListener("change", all));
})();
