"""The chart of report.py: keys a second by maker, a panel for each size, as SVG."""
from xml.sax.saxutils import escape

WIDTH, LEFT, RIGHT = 860, 170, 190
BAR, GAP, HEAD, PANEL_HEAD = 18, 6, 74, 40
COLORS = {"windowed": "#1f5fa8", "fresh": "#7fb0df", "peer": "#9a9a9a"}


def text(x, y, words, size=13, anchor="start", color="#222", weight="normal"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{color}" '
            f'font-weight="{weight}">{escape(words)}</text>')


def panel(bits, rows, names, top):
    """One size; each panel has its own scale, from 0."""
    parts = [text(LEFT, top + 24, f"RSA {bits}", 15, weight="bold")]
    best = max(1000 / row["ms_median"] for row in rows)
    y = top + PANEL_HEAD
    for row in rows:
        rate = 1000 / row["ms_median"]
        width = (WIDTH - LEFT - RIGHT) * rate / best
        color = COLORS[row.get("candidates", "peer")]
        name = f"{row['kernel']}, {row['candidates']}" if "kernel" in row else names[row["maker"]]
        parts.append(text(LEFT - 8, y + BAR - 5, name, anchor="end", weight="bold" if "kernel" in row else "normal"))
        parts.append(f'<rect x="{LEFT}" y="{y}" width="{max(width, 1):.1f}" height="{BAR}" fill="{color}"/>')
        parts.append(text(LEFT + width + 6, y + BAR - 5, f"{rate:.1f} a second, {row['ms_median']:.1f} ms", 12))
        y += BAR + GAP
    parts.append(f'<line x1="{LEFT}" y1="{top + PANEL_HEAD - 4}" x2="{LEFT}" y2="{y}" stroke="#222"/>')
    return parts, y


def keys(context, summaries, names):
    parts, y = [], HEAD
    for bits in sorted({s["bits"] for s in summaries}):
        rows = sorted((s for s in summaries if s["bits"] == bits), key=lambda s: s["ms_median"])
        shapes, y = panel(bits, rows, names, y)
        parts += shapes
    caption = f"{context['processor']}, one core, {context['date'][:10]}; medians; each panel has its own scale"
    legend = [text(20, 30, "RSA keys a second, finished and checked", 18, weight="bold"), text(20, 52, caption, 12)]
    x = 20
    for kind, words in (("windowed", "fleetmint, windowed candidates"), ("fresh", "fleetmint, fresh candidates"),
                        ("peer", "other libraries")):
        legend.append(f'<rect x="{x}" y="64" width="12" height="12" fill="{COLORS[kind]}"/>')
        legend.append(text(x + 18, 75, words, 12))
        x += 230
    height = y + 20
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
            f'viewBox="0 0 {WIDTH} {height}" font-family="sans-serif">\n'
            f'<rect width="100%" height="100%" fill="#fff"/>\n' + "\n".join(legend + parts) + "\n</svg>\n")
