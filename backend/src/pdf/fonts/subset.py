"""Makes Inter-Regular.ttf and Inter-SemiBold.ttf from the npm package inter-ui (Inter 4.1, SIL OFL 1.1).

    npm pack inter-ui@4.1.1 && tar xzf inter-ui-4.1.1.tgz
    pip install fonttools brotli
    python3 subset.py package/web

Not part of the build: run it again only to change the characters or the version of the font.
"""

import sys
from copy import deepcopy

from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.ttLib.scaleUpem import scale_upem
from fontTools.ttLib.tables._g_l_y_f import Glyph, GlyphComponent

# Latin with all its extensions (so Vietnamese too), Greek with its accents, Cyrillic, and the signs of business.
RANGES = [
    (0x20, 0x7E), (0xA0, 0x24F), (0x259, 0x259), (0x2B9, 0x2BD), (0x2C6, 0x2C7), (0x2D8, 0x2DD), (0x370, 0x3FF),
    (0x400, 0x52F), (0x1E00, 0x1EFF), (0x1F00, 0x1FFF), (0x2000, 0x200A), (0x2010, 0x2027), (0x202F, 0x205F),
    (0x2070, 0x209F), (0x20A0, 0x20CF), (0x2100, 0x214F), (0x2150, 0x218F), (0x2190, 0x2199), (0x2202, 0x2265),
    (0x25A0, 0x25CF), (0x2713, 0x2717),
]


def tabular_figures(font):
    """Digits of one width as the default ones, so that columns of amounts align without OpenType features."""
    gsub = font["GSUB"].table
    tnum = {}
    for record in gsub.FeatureList.FeatureRecord:
        if record.FeatureTag == "tnum":
            for index in record.Feature.LookupListIndex:
                for table in gsub.LookupList.Lookup[index].SubTable:
                    tnum.update(getattr(table, "ExtSubTable", table).mapping)
    for table in font["cmap"].tables:
        for digit in range(0x30, 0x3A):
            if table.isUnicode() and table.cmap.get(digit) in tnum:
                table.cmap[digit] = tnum[table.cmap[digit]]


def one_glyph_per_character(font):
    """Text is copied out of a PDF glyph by glyph, so characters that share a glyph (Latin and Cyrillic А) get twins."""
    order, taken = font.getGlyphOrder(), set()
    for code, name in sorted(font.getBestCmap().items()):
        if name not in taken:
            taken.add(name)
            continue
        twin = f"twin{code:04X}"
        glyph, original = Glyph(), font["glyf"][name]
        if original.numberOfContours != 0:
            part = GlyphComponent()
            part.glyphName, part.x, part.y, part.flags = name, 0, 0, 0x0204  # ROUND_XY_TO_GRID | USE_MY_METRICS
            glyph.numberOfContours, glyph.components = -1, [part]
            for side in ("xMin", "yMin", "xMax", "yMax"):
                setattr(glyph, side, getattr(original, side))
        else:
            glyph = deepcopy(original)
        font["glyf"].glyphs[twin] = glyph
        font["hmtx"].metrics[twin] = font["hmtx"][name]
        order = [*order, twin]
        for table in font["cmap"].tables:
            if table.isUnicode() and code in table.cmap:
                table.cmap[code] = twin
    font.setGlyphOrder(order)
    font["glyf"].glyphOrder = order


for weight in ("Regular", "SemiBold"):
    font = TTFont(f"{sys.argv[1]}/Inter-{weight}.woff2")
    tabular_figures(font)
    options = subset.Options()
    options.layout_features, options.hinting, options.glyph_names = [], False, False
    options.notdef_outline, options.name_IDs = True, [0, 1, 2, 3, 4, 5, 6, 13, 14]
    options.drop_tables += ["GSUB", "GPOS", "GDEF", "DSIG", "STAT", "MVAR", "meta"]
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=[code for first, last in RANGES for code in range(first, last + 1)])
    subsetter.subset(font)
    one_glyph_per_character(font)
    scale_upem(font, 1000)  # PDF counts widths in thousandths: no rounding between layout and viewer
    font.flavor = None
    font.save(f"Inter-{weight}.ttf")
