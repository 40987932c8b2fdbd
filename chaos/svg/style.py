"""How pages and pictures look: light and dark, on screen and in print. Colour never says anything alone."""

from __future__ import annotations

LIGHT = (
    "--ground:#fff;--text:#22282e;--dim:#5c6670;--rule:#c9d0d6;--panel:#f6f8fa;--ok:#0060a8;--fill:#56b4e9;"
    "--warn:#7d6200;--bad:#b03a00;--cut:#d55e00;--band:#e8dfc8"
)
DARK = (
    "--ground:#101418;--text:#d8dee4;--dim:#9aa5af;--rule:#39424b;--panel:#171d23;--ok:#56b4e9;--fill:#2f6f96;"
    "--warn:#f0e442;--bad:#ff8a3d;--cut:#d55e00;--band:#3a3421"
)
"""Colours that the common colour blindnesses keep apart; marks, hatches and frames say the same again."""

PAGE = """
*{box-sizing:border-box}
body{margin:0 auto;padding:1.5rem;max-width:1060px;background:var(--ground);color:var(--text);font:15px/1.5 system-ui,sans-serif}
h1{font-size:1.5rem;margin:0 0 .2rem}
h2{font-size:1.15rem;margin:2rem 0 .6rem}
h3{font-size:1rem;margin:1.2rem 0 .4rem}
p{margin:.4rem 0;max-width:75ch}
.dim{color:var(--dim)}
.result{border-left:6px solid var(--ok);padding:.5rem .9rem;background:var(--panel);font-weight:600}
.result.bad{border-left-color:var(--cut)}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.92rem}
caption{text-align:left;color:var(--dim);padding:.2rem 0}
th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid var(--rule);vertical-align:top}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
.verdict{white-space:nowrap}
.pass b{color:var(--ok)}
.fail b{color:var(--bad)}
.unknown b{color:var(--warn)}
.fail td:first-child{box-shadow:inset 4px 0 var(--cut)}
ol.why{margin:.3rem 0 .3rem 1.2rem;padding:0}
code{font:.92em ui-monospace,monospace;background:var(--panel);padding:.1em .3em}
main+main{border-top:3px solid var(--rule);margin-top:3rem;padding-top:1.5rem}
"""

PICTURES = """
svg{max-width:100%;height:auto;display:block}
svg text{fill:var(--text);font:13px system-ui,sans-serif}
svg .small{font-size:11px;fill:var(--dim)}
svg .strong,svg .design,svg .name{font-weight:600;fill:var(--text)}
.panel{fill:var(--panel)}
.grid{stroke:var(--rule);stroke-width:1}
.band{fill:var(--band);stroke:var(--dim);stroke-width:.7;stroke-dasharray:2 3}
.bar{stroke:var(--text);stroke-width:3}
.turn{fill:var(--cut)}
.area.yes{fill:var(--fill);opacity:.55}
.area.no{fill:url(#hatch)}
.area.waiting{fill:url(#dots)}
.line{fill:none;stroke-width:1.3;stroke:var(--text)}
.line.yes{stroke:var(--ok)}
.line.no{stroke:var(--cut);stroke-width:2.2}
.line.done{stroke-dasharray:5 3}
.hatch{stroke:var(--cut);stroke-width:2.4}
.dot{fill:var(--dim)}
.box{fill:var(--panel);stroke:var(--dim);stroke-width:1.2}
.box.hit{stroke:var(--cut);stroke-width:3.5}
.box.ill{stroke:var(--cut);stroke-width:2;stroke-dasharray:6 3}
.link{fill:none;stroke:var(--text);stroke-width:1.3}
.link.handoff{stroke-width:4.5}
.link.gap{stroke:var(--ground);stroke-width:2}
.link.dead{stroke-dasharray:2 4}
.tip{fill:var(--text)}
"""

PRINT = """
body{max-width:none;font-size:10pt;print-color-adjust:exact;-webkit-print-color-adjust:exact}
svg,tr{break-inside:avoid}
h1,h2,h3,p.dim{break-after:avoid}
.wide{overflow:visible}
"""

STYLE = (
    f":root{{{LIGHT};color-scheme:light dark}}@media (prefers-color-scheme:dark){{:root{{{DARK}}}}}"
    f"{PAGE}{PICTURES}@media print{{:root{{{LIGHT}}}{PRINT}}}"
)

PATTERNS = (
    '<svg width="0" height="0" style="position:absolute" aria-hidden="true"><defs>'
    '<pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<line class="hatch" x1="0" y1="0" x2="0" y2="6"/></pattern>'
    '<pattern id="dots" width="5" height="5" patternUnits="userSpaceOnUse"><circle class="dot" cx="2" cy="2" r="1.1"/></pattern>'
    "</defs></svg>"
)
"""What areas are filled with, for those who cannot tell colours apart."""
