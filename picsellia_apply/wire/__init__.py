"""Bodies of SDK v2 and of the extension, shared by client and lake. Knows no transport and no store.

`v2` is the published contract; `extension` is what our lake offers beyond it. Requests are decoded strictly (a wrong
type is a 400 with a path); unknown keys are ignored, as the published clients send some.
"""
