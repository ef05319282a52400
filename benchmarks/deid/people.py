"""Invented patients, each with a character set of its own."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Person:
    """An invented patient and those around them; ``tokens`` are parts of the name as encoded."""

    name: str
    family: str
    character_sets: str | list[str]
    tokens: tuple[bytes, ...]
    number: str
    accession: str
    born: str
    root: str
    doctor: str
    doctor_word: str
    hospital: str
    phone: str
    mail: str
    codec: str

    @property
    def hospital_word(self) -> str:
        """The word of the institution's name that is its own."""
        return self.hospital.split()[0]


def _kanji(text: str) -> bytes:
    return text.encode("iso2022_jp")[3:-3]


def people() -> list[Person]:
    """Return six patients."""
    rows: list[tuple[str, str, str | list[str], tuple[bytes, ...], str]] = [
        ("Quimbworth^Alphonse", "Quimbworth", "ISO_IR 6", (b"Quimbworth", b"Alphonse"), "ascii"),
        (
            "Brünnlitz^Jörgen", "Brünnlitz", "ISO_IR 100",
            ("Brünnlitz".encode("latin-1"), "Jörgen".encode("latin-1")), "latin-1",
        ),
        (
            "Yamazakura^Tarouji=山桜木^太郎次=やまざくら^たろうじ", "Yamazakura",
            ["", "ISO 2022 IR 87"],
            (b"Yamazakura", _kanji("山桜木"), _kanji("太郎次"), _kanji("やまざくら")), "ascii",
        ),
        (
            "Александровский^Николай", "Александровский", "ISO_IR 144",
            ("Александровский".encode("iso8859_5"), "Николай".encode("iso8859_5")), "iso8859_5",
        ),
        (
            "Papathanasiou^Ελένη", "Papathanasiou", "ISO_IR 192",
            (b"Papathanasiou", "Ελένη".encode()), "utf-8",
        ),
        (
            "Ouyangxiu^Xiaodong=欧阳修^晓东明", "Ouyangxiu", "GB18030",
            (b"Ouyangxiu", "欧阳修".encode("gb18030"), "晓东明".encode("gb18030")), "gb18030",
        ),
    ]  # fmt: skip
    doctors = ("Feldkircher", "Okonkwobi", "Ravensdale", "Thorvaldsen", "Delacroixe", "Mbekiwana")
    hospitals = (
        "Wexlerbrook",
        "Hohenstaufel",
        "Kirigaoka",
        "Zarechensk",
        "Lakonikos",
        "Longtanwan",
    )
    return [
        Person(
            name=name,
            family=family,
            character_sets=sets,
            tokens=tokens,
            number=f"QX{4711007 + 1313 * n}",
            accession=f"AX{90210033 + 777 * n}",
            born=f"193602{11 + n}",
            root=f"1.2.826.0.1.4242{n}.{778899 + n}",
            doctor=f"{doctors[n]}^Ines",
            doctor_word=doctors[n],
            hospital=f"{hospitals[n]} Hospital",
            phone=f"0761 555 12{34 + n}",
            mail=f"{doctors[n].lower()}@clinic.example",
            codec=codec,
        )
        for n, (name, family, sets, tokens, codec) in enumerate(rows)
    ]
