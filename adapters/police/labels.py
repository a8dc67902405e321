"""Labels of the police agency's open data in one wording, and the coarse kind of a party. Pure.

Source: facts-police-motor.md 2.1 (typos and variants measured over the files of 2018 to 2026).
"""

import unicodedata
from functools import lru_cache

DUMMY_SEX = "無或物(動物、堆置物)"  # the second party of a single-vehicle crash: an object, or nothing
_VARIANTS = (("未戴案全帽", "未戴安全帽"), ("寛式", "寬式"), ("交叉路口", "交岔路口"))
_KINDS = {
    "小客車": "car",
    "小客車(含客、貨兩用)": "car",
    "大客車": "bus",
    "大貨車": "truck",
    "小貨車": "truck",
    "小貨車(含客、貨兩用)": "truck",
    "全聯結車": "truck",
    "半聯結車": "truck",
    "曳引車": "truck",
    "機車": "motorcycle",
    "慢車": "bicycle",
    "軍車": "other",
    "特種車": "other",
    "其他車": "other",
    "人": "other",
    "": "other",  # the vehicle of a hit-and-run not found yet
}
_FINER = {
    ("慢車", "人力車"): "other",
    ("慢車", "獸力車"): "other",
    ("慢車", "其他慢車"): "other",
    ("慢車", "個人行動運具"): "other",
    ("人", "行人"): "pedestrian",
    ("人", "輔助代步器材"): "pedestrian",
    ("人", "乘客"): "passenger",
}


@lru_cache(maxsize=4096)
def label(text: str) -> str:
    """A label in its present wording: NFKC, without white space around it, known typos put right."""
    plain = unicodedata.normalize("NFKC", text).strip()
    for variant, present in _VARIANTS:
        plain = plain.replace(variant, present)
    return plain


def kind(major: str, minor: str) -> str | None:
    """The coarse kind of a party by 當事者區分, 大類 and 子類; None when the label is not known.

    One of car, bus, truck, motorcycle, bicycle, pedestrian, passenger, other.
    """
    return _FINER.get((major, minor)) or _KINDS.get(major)
