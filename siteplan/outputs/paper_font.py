"""The letters of Word files: Times New Roman, and what stands in for it where a reader has no such font.

Times New Roman comes with Windows and Office only. LibreOffice on Linux and phones look for the name in the font table
of the document and take the font named beside it, which has the same widths and every Vietnamese letter.
"""

from __future__ import annotations

from typing import Any

from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml.ns import nsdecls

FONT = "Times New Roman"
FALLBACKS = ("Liberation Serif", "Tinos")  # same widths as Times New Roman
_PLACE = "/word/fontTable.xml"
# ISO/IEC 29500-1, 17.8.3: panose of Times New Roman, signature with the bit of Vietnamese, character set 163 (A3)
_TABLE = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    f"<w:fonts {nsdecls('w')}>"
    f'<w:font w:name="{FONT}"><w:altName w:val="{",".join(FALLBACKS)}"/><w:panose1 w:val="02020603050405020304"/>'
    '<w:charset w:val="A3"/><w:family w:val="roman"/><w:pitch w:val="variable"/>'
    '<w:sig w:usb0="E0002EFF" w:usb1="C000785B" w:usb2="00000009" w:usb3="00000000" w:csb0="000001FF"'
    ' w:csb1="00000000"/></w:font></w:fonts>'
)


def name_fallback(document: Any) -> None:
    """Say in the font table of a document which fonts stand in for Times New Roman."""
    package = document.part.package
    for part in package.iter_parts():
        if str(part.partname) == _PLACE:
            part._blob = _TABLE.encode()  # noqa: SLF001 - python-docx keeps this part as it is
            return
    made = Part(PackURI(_PLACE), CONTENT_TYPE.WML_FONT_TABLE, _TABLE.encode(), package)
    document.part.relate_to(made, RELATIONSHIP_TYPE.FONT_TABLE)
