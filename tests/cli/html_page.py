# SPDX-License-Identifier: Apache-2.0
"""Looks at a page that towerpart report --format html wrote: html_page.py FILE [WORD...]

Elements are closed in order, ids are unique, links lead inside the page, pictures are data: URIs with words for
those who do not see them, nothing comes from elsewhere; the text of the page holds every WORD.
"""
import base64
import re
import sys
from html.parser import HTMLParser

VOID = {"meta", "img", "br", "link", "input"}
IMPLIED = {"tbody", "tfoot"}  # may end without a tag


class Page(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.ids, self.links, self.images, self.words = [], [], [], [], []

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        assert len(found) == len(attributes), f"an attribute twice in {tag}"
        if tag == "tfoot" and self.open[-1] == "tbody":
            self.open.pop()
        if tag not in VOID:
            self.open.append(tag)
        self.ids += [found["id"]] if "id" in found else []
        self.links += [found["href"]] if tag == "a" else []
        self.images += [found] if tag == "img" else []
        for name in found:
            assert not name.startswith("on"), f"a handler: {name}"
        assert tag not in ("link", "iframe", "object", "embed", "base"), tag
        assert tag != "script" or "src" not in found

    def handle_endtag(self, tag):
        if self.open[-1] in IMPLIED and tag == "table":
            self.open.pop()
        assert self.open and self.open[-1] == tag, f"line {self.getpos()[0]}: </{tag}> closes {self.open}"
        self.open.pop()

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("script", "style"):
            self.words.append(data)


text = open(sys.argv[1], encoding="utf-8").read()
page = Page()
page.feed(text)
page.close()
assert not page.open, page.open
assert len(set(page.ids)) == len(page.ids), "an id twice"
assert all(link[0] == "#" and link[1:] in page.ids for link in page.links), page.links
assert page.images
for image in page.images:
    assert len(image["alt"]) > 10
    kind, data = re.fullmatch(r"data:image/(svg\+xml|png);base64,([A-Za-z0-9+/=]+)", image["src"]).groups()
    head = base64.b64decode(data, validate=True)[:200]
    assert head.startswith(b"\x89PNG") if kind == "png" else b"<svg" in head
assert not re.search(r"(src|href)=\"?(https?:)?//|@import|url\(", text)
shown = " ".join("".join(page.words).split())
for word in sys.argv[2:]:
    assert word in shown, f"the page lacks: {word}"
print(len(page.images))
