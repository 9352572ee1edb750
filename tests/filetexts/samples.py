"""Small files of our own, made by hand, as authors' programs and as attackers would make them."""

import io
import zipfile
from collections.abc import Mapping

_TYPES = "application/vnd.openxmlformats-officedocument"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFD = 'xmlns:ofd="http://www.ofdspec.org/2016"'


def pack(members: Mapping[str, bytes | str], *, stored: bool = False) -> bytes:
    """A ZIP file."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return held.getvalue()


def pdf(*pages: str, extra: str = "", kids: str = "", content: str = "") -> bytes:
    """A PDF with a line of text a page, in one of the Chinese fonts that every reader knows. `kids` replaces the list of pages."""
    objects = {
        1: "<< /Type /Catalog /Pages 2 0 R >>",
        3: "<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H /DescendantFonts [4 0 R] >>",
        4: "<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /CIDSystemInfo "
        "<< /Registry (Adobe) /Ordering (GB1) /Supplement 2 >> >>",
    }
    numbers = []
    for text in pages:
        number = len(objects) + 2
        drawn = content or (
            f"BT /F1 12 Tf 72 700 Td <{text.encode('utf-16-be').hex()}> Tj ET" if text else "0 0 9 9 re f"
        )
        objects[number] = (
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> "
            f"/Contents {number + 1} 0 R >>"
        )
        objects[number + 1] = f"<< /Length {len(drawn)} >>\nstream\n{drawn}\nendstream"
        numbers.append(f"{number} 0 R")
    objects[2] = f"<< /Type /Pages /Kids [{kids or ' '.join(numbers)}] /Count {len(pages)} >>"
    written, offsets = "%PDF-1.5\n", {}
    for number in sorted(objects):
        offsets[number] = len(written)
        written += f"{number} 0 obj\n{objects[number]}\nendobj\n"
    start = len(written)
    written += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n"
    written += "".join(f"{offsets[number]:010} 00000 n \n" for number in sorted(objects))
    return (
        written + f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R {extra} >>\nstartxref\n{start}\n%%EOF\n"
    ).encode()


def locked_pdf() -> bytes:
    """A PDF that asks for a password: its keys fit none that is empty."""
    keys = f"/O <{'41' * 32}> /U <{'42' * 32}>"
    return pdf("保密", extra=f"/Encrypt << /Filter /Standard /V 1 /R 2 {keys} /P -4 >> /ID [<00> <00>]")


def docx(*paragraphs: str, table: tuple[tuple[str, ...], ...] = (), prolog: str = "", body: str = "") -> bytes:
    """A DOCX file. `prolog` stands before the document's root; `body` is markup behind the paragraphs."""
    lines = "".join(f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>" for text in paragraphs)
    rows = "".join(
        f"<w:tr>{''.join(f'<w:tc><w:p><w:r><w:t>{cell}</w:t></w:r></w:p></w:tc>' for cell in row)}</w:tr>"
        for row in table
    )
    shown = lines + (f"<w:tbl><w:tblPr/><w:tblGrid/>{rows}</w:tbl>" if rows else "") + body
    return pack(
        {
            "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/word/document.xml" ContentType="{_TYPES}.wordprocessingml.document.main+xml"/></Types>',
            "_rels/.rels": _related("word/document.xml"),
            "word/document.xml": f'{prolog}<w:document xmlns:w="{_WORD}"><w:body>{shown}</w:body></w:document>',
        }
    )


def xlsx(*rows: tuple[str | int, ...], name: str = "名单", dimension: str = "A1:B2") -> bytes:
    """An XLSX file with one sheet."""
    lines = "".join(
        "<row>"
        + "".join(
            f"<c t='inlineStr'><is><t>{cell}</t></is></c>" if isinstance(cell, str) else f"<c><v>{cell}</v></c>"
            for cell in row
        )
        + "</row>"
        for row in rows
    )
    return pack(
        {
            "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPES}.spreadsheetml.sheet.main+xml"/>'
            f'<Override PartName="/xl/worksheets/s1.xml" ContentType="{_TYPES}.spreadsheetml.worksheet+xml"/></Types>',
            "_rels/.rels": _related("xl/workbook.xml"),
            "xl/workbook.xml": f'<workbook xmlns="{_SHEET}" xmlns:r="{_RELATIONS}">'
            f'<sheets><sheet name="{name}" sheetId="1" r:id="r1"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": _related("worksheets/s1.xml", "worksheet"),
            "xl/worksheets/s1.xml": f'<worksheet xmlns="{_SHEET}"><dimension ref="{dimension}"/>'
            f"<sheetData>{lines}</sheetData></worksheet>",
        }
    )


def ofd(*pages: str) -> bytes:
    """An OFD file with a line of text a page."""
    listed = "".join(f'<ofd:Page ID="{at}" BaseLoc="Pages/{at}.xml"/>' for at in range(1, len(pages) + 1))
    members = {
        "OFD.xml": f'<ofd:OFD {_OFD} Version="1.0" DocType="OFD"><ofd:DocBody><ofd:DocInfo/>'
        "<ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>",
        "Doc_0/Document.xml": f"<ofd:Document {_OFD}><ofd:CommonData><ofd:PageArea>"
        "<ofd:PhysicalBox>0 0 210 297</ofd:PhysicalBox></ofd:PageArea></ofd:CommonData>"
        f"<ofd:Pages>{listed}</ofd:Pages></ofd:Document>",
    }
    for at, text in enumerate(pages, 1):
        members[f"Doc_0/Pages/{at}.xml"] = (
            f'<ofd:Page {_OFD}><ofd:Content><ofd:Layer ID="1{at}"><ofd:TextObject ID="2{at}" Boundary="10 10 150 9" Font="1" '
            f'Size="5"><ofd:TextCode X="0" Y="5">{text}</ofd:TextCode></ofd:TextObject></ofd:Layer></ofd:Content></ofd:Page>'
        )
    return pack(members)


def compound(stream: str) -> bytes:
    """The outside of a compound file (DOC, XLS of old) with a stream of that name."""
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + f"{stream}\0".encode("utf-16-le") + bytes(600)


def _related(target: str, kind: str = "officeDocument") -> str:
    return (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="r1" Type="{_RELATIONS}/{kind}" Target="{target}"/></Relationships>'
    )
