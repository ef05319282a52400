"""Which attributes a Unified Procedure Step must have, and may change: PS3.4 table CC.2.5-3.

Both ends need it: the client for what it creates, the server for what it keeps. Tags are eight hex
digits, as in the DICOM JSON model.
"""

from __future__ import annotations

from collections.abc import Mapping

#: Coding scheme of pipelines and their options: private (99), of this project.
SCHEME = "99C2C"
UPS_PUSH = "1.2.840.10008.5.1.4.34.6.1"

#: Type 2 when one is created (column N-CREATE): there, be it empty. Transaction UID, which is empty
#: too, and Worklist Label, which the server fills in, are left out.
PRESENT: Mapping[str, str] = {
    "00081080": "LO",  # Admitting Diagnoses Description
    "00081084": "SQ",  # Admitting Diagnoses Code Sequence
    "00100010": "PN",
    "00100021": "LO",  # Issuer of Patient ID
    "00100024": "SQ",  # Issuer of Patient ID Qualifiers Sequence
    "00100030": "DA",
    "00100040": "CS",
    "00101002": "SQ",  # Other Patient IDs Sequence
    "00380010": "LO",  # Admission ID
    "00380014": "SQ",  # Issuer of Admission ID Sequence
    "00400400": "LT",  # Comments on the Scheduled Procedure Step
    "00404018": "SQ",  # Scheduled Workitem Code Sequence
    "00404021": "SQ",  # Input Information Sequence
    "00404025": "SQ",  # Scheduled Station Name, Class and Geographic Location Code Sequence:
    "00404026": "SQ",  # empty, so any station may take it
    "00404027": "SQ",
    "0040A370": "SQ",  # Referenced Request Sequence
    "00741002": "SQ",  # Progress Information Sequence, always created empty
    "00741210": "SQ",  # Scheduled Processing Parameters Sequence
    "00741216": "SQ",  # Unified Procedure Step Performed Procedure Sequence, created empty
}

#: Never changed by an update (column N-SET, "Not allowed"): class and UID, state, and whom and what
#: request the work is for.
NEVER_SET = frozenset(
    {
        *("00080016", "00080018", "00741000", "00741224"),
        *("00100010", "00100020", "00100021", "00100024", "00100030", "00100040"),
        *("00380010", "00380014", "00081080", "00081084", "0040A370"),
    }
)

#: What a search returns unasked (column Return Key, types 1 and 2), and what is useful beside it:
#: issuer of the patient ID, times of modification and expected end, what was performed.
RETURNED = frozenset(
    {
        *("00080005", "00080016", "00080018", "00081080", "00081084"),
        *("00100010", "00100020", "00100021", "00100030", "00100040", "00101002"),
        *("00102000", "001021C0", "00380050", "0020000D", "00380010", "00380014"),
        *("00404005", "00404018", "00404021", "00404025", "00404026", "00404027", "00404034"),
        *("00404041", "0040A370", "00741000", "00741002", "00741200", "00741202", "00741204"),
        *("00741210", "00404010", "00404011", "00741216"),
    }
)
