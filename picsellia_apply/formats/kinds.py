"""Every kind of fault and finding about annotation files: code, severity, words and hint, in one table.

`docs/codes/annotations.md` is the same table for people; a test keeps the two together.
"""

from __future__ import annotations

from dataclasses import dataclass

from picsellia_apply.errors import Severity

_INFO, _WARNING, _ERROR = Severity.info, Severity.warning, Severity.error


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fault or finding.

    Attributes:
        code: Stable; see `docs/codes`.
        severity: Errors mean that the file is not used.
        one: What is said of one case; `{subject}` is filled in.
        many: What is said of several; the count is put before it.
        hint: What to do about it, or empty.
    """

    code: str
    severity: Severity
    one: str
    many: str
    hint: str = ""


UNREADABLE = Kind("A001", _ERROR, "annotation file cannot be read", "annotation files cannot be read")
EMPTY = Kind("A002", _ERROR, "annotation file is empty", "annotation files are empty")
MALFORMED = Kind(
    "A003", _ERROR, "annotation file is malformed", "annotation files are malformed", "it may have been cut short"
)
NOT_FINITE = Kind(
    "A004",
    _ERROR,
    "number is not finite",
    "numbers are not finite",
    "JSON has no NaN and no Infinity; correct or remove the value",
)
OTHER_SHAPE = Kind("A005", _ERROR, "not what the format says", "files are not what the format says")
WRONG_VALUE = Kind("A006", _ERROR, "value is missing or of the wrong type", "values are missing or of the wrong type")
DOCTYPE = Kind(
    "A007",
    _ERROR,
    "XML with a DOCTYPE is refused",
    "XML files with a DOCTYPE are refused",
    "annotation files need none, and entities can be used for attacks; remove it",
)
DUPLICATE_IMAGE_ID = Kind("A010", _ERROR, "image id is used twice", "image ids are used twice")
DUPLICATE_ANNOTATION_ID = Kind("A011", _ERROR, "annotation id is used twice", "annotation ids are used twice")
DUPLICATE_PICTURE = Kind(
    "A012",
    _ERROR,
    "picture is named twice",
    "pictures are named twice",
    "objects of both would land on one picture; give each picture one entry",
)
DUPLICATE_CATEGORY_ID = Kind("A013", _ERROR, "category id is used twice", "category ids are used twice")
SAME_CATEGORY_NAME = Kind(
    "A014", _WARNING, "category name is used by two ids", "category names are used by two ids", "they become one label"
)
UNKNOWN_IMAGE = Kind(
    "A015",
    _ERROR,
    "annotation names an image that is not in the file",
    "annotations name an image that is not in the file",
    'ids are compared as they are: `1` is not `"1"`',
)
UNKNOWN_CATEGORY = Kind(
    "A016",
    _ERROR,
    "annotation names a category that is not in the file",
    "annotations name a category that is not in the file",
    'ids are compared as they are: `1` is not `"1"`',
)
BLANK_NAME = Kind("A017", _ERROR, "name is blank", "names are blank")
BOX_LENGTH = Kind("A020", _ERROR, "`bbox` needs four numbers", "`bbox` need four numbers", "x, y, width, height in px")
NEGATIVE_BOX = Kind(
    "A021",
    _ERROR,
    "box has a negative width or height",
    "boxes have a negative width or height",
    "`bbox` is x, y, width, height, not two corners",
)
ODD_POLYGON = Kind(
    "A022", _ERROR, "polygon has an odd number of coordinates", "polygons have an odd number of coordinates"
)
SHORT_POLYGON = Kind(
    "A023",
    _WARNING,
    "polygon part with fewer than three points is left out",
    "polygon parts with fewer than three points are left out",
)
FLAT_POLYGON = Kind(
    "A024",
    _WARNING,
    "segmentation is a flat list, read as one part",
    "segmentations are flat lists, read as one part each",
    "COCO wants a list of parts: `[[x, y, x, y, ...]]`",
)
BROKEN_MASK = Kind(
    "A025", _ERROR, "mask yields no box and there is no `bbox`", "masks yield no box and there is no `bbox`"
)
NO_GEOMETRY = Kind(
    "A026", _ERROR, "object has no geometry that can be read", "objects have no geometry that can be read"
)
NOT_A_NUMBER = Kind("A027", _ERROR, "coordinate is not a number", "coordinates are not numbers")
SWAPPED = Kind(
    "A028",
    _WARNING,
    "box with its corners swapped, put in order",
    "boxes with their corners swapped, put in order",
    "xmin and ymin belong to the upper left corner",
)
MASK = Kind(
    "A030",
    _WARNING,
    "mask (RLE) is not carried, only its box",
    "masks (RLE) are not carried, only their boxes",
    "the platform knows rectangles and polygons",
)
KEYPOINTS = Kind("A031", _WARNING, "keypoints of an object are not carried", "objects have keypoints, not carried")
CROWD = Kind(
    "A032",
    _WARNING,
    "crowd region (`iscrowd: 1`) is left out",
    "crowd regions (`iscrowd: 1`) are left out",
    "it marks a region to ignore and must not become an object",
)
ATTRIBUTE = Kind(
    "A033",
    _INFO,
    "`{subject}` of an object is not carried",
    "objects have `{subject}`, not carried",
)
UNLABELLED = Kind(
    "A035",
    _INFO,
    "picture has no annotation entry and is left as it is",
    "pictures have no annotation entry and are left as they are",
)
TIME_SPENT = Kind("A036", _INFO, "`time_spent` is not carried", "`time_spent` are not carried")
CATEGORY_FIELD = Kind(
    "A037", _INFO, "`{subject}` of a category is not carried", "categories have `{subject}`, not carried"
)
COORDINATES = Kind("A040", _INFO, "corners are read as {subject}", "corners are read as {subject}")
NOT_XML = Kind("A041", _INFO, "entry is no XML file, passed over", "entries are no XML files, passed over")
OTHER_FILENAME = Kind(
    "A042",
    _WARNING,
    "`<filename>` differs from the name of the XML file; `<filename>` is used",
    "`<filename>` differ from the names of the XML files; `<filename>` is used",
    "if the pictures were renamed after they were annotated, correct `<filename>`",
)
UNITED = Kind("A043", _WARNING, "picture has two entries, united", "pictures have several entries, united")
NO_EXTENSION = Kind(
    "A044",
    _INFO,
    "picture name without extension, completed from the pictures beside it",
    "picture names without extension, completed from the pictures beside them",
)
BAD_SIZE = Kind("A045", _WARNING, "picture size is no size in px, ignored", "picture sizes are no sizes in px, ignored")
AGAINST = Kind(
    "A046",
    _WARNING,
    "corners are given as one-based, but there is a number below 1 or with a fraction",
    "corners are given as one-based, but there are numbers below 1 or with a fraction",
    "`coordinates: zero-based` reads them as they are",
)
NO_AREA = Kind(
    "Q003", _WARNING, "box without area", "boxes without area", "trainers drop such a box or the whole picture"
)
REPEATED = Kind("Q004", _WARNING, "object is there twice", "objects are there twice")
OUTSIDE = Kind(
    "Q005",
    _WARNING,
    "object leaves its picture by more than 1 px",
    "objects leave their picture by more than 1 px",
)

KINDS = tuple(value for value in list(globals().values()) if isinstance(value, Kind))
"""All of them."""
