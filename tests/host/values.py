"""Random strings and JSON values, out of a vocabulary that means something to the probe."""

PLAIN = [
    "",
    " ",
    "hello",
    "user",
    "a day",
    "Crap",
    "cra p",
    "forbid den",
    "x" * 300,
    "é✓",
    "𝄞 clef",
    "e\u0301",
    "\u0000",
    "line\nbreak\ttab",
    "“quoted”",
    "{}",
    "null",
    "3",
    "sleep:",
    "sleep:x",
    "sleep:-5",
    "sleep:5 ",
    "Sleep:5",
    "\U0010ffff",
    "مرحبا",
    "日本語",
    'a\\b"c',
    "tok-probe-",
    "probe",
    "\ufeffbom",
    "crud",
]
SPECIAL = {
    "plain": [],
    "replace": ["crap", "a crap day", "crapcrap", "crcrapap", "scrape", "crap é✓ crap", "✓crap✓", "crud crap"],
    "deny": ["forbidden", "so forbidden, so crap", "xforbiddenx", "nope", "é✓ nope forbidden"],
    "fail": ["explode", "it will explode now", "crap explode forbidden", "boom"],
    "sleep": ["sleep:0", "sleep:1", "sleep:2", "sleep:001"],
}
MOODS = ["plain"] * 3 + ["replace"] * 10 + ["deny"] * 4 + ["fail"] * 2 + ["sleep"] * 2 + ["all"]
KEYS = [
    "a",
    "q",
    "text",
    "content",
    "role",
    "crap",
    "forbidden",
    "explode",
    "é",
    "ключ",
    "a.b",
    "with space",
    "",
    "name",
    "nested",
    "probe_",
    "_meta",
    "isError",
    "x" * 60,
    "0",
]
NUMBERS = [
    0,
    1,
    -1,
    3,
    42,
    2.5,
    -0.0,
    0.1,
    -7.25,
    1e300,
    5e-324,
    2**31,
    -(2**31) - 1,
    2**53 - 1,
    2**53,
    2**53 + 1,
    10**18,
    1e15 + 0.5,
    1e-7,
]


class Values:
    """Makes values. One case has one mood, so that long texts are not all denied or failing."""

    def __init__(self, random):
        self.random = random
        self.special = []

    def change_mood(self):
        mood = self.random.choice(MOODS)
        self.special = sum(SPECIAL.values(), []) if mood == "all" else SPECIAL[mood]

    def string(self):
        if self.special and self.random.random() < 0.5:
            return self.random.choice(self.special)
        return self.random.choice(PLAIN)

    def optional(self, make):
        return None if self.random.random() < 0.25 else make()

    def key(self):
        return self.random.choice(KEYS)

    def headers(self):
        return {self.key(): self.string() for _ in range(self.random.randrange(6))}

    def value(self, depth=4):
        kind = self.random.randrange(10)
        if depth and kind == 0:
            return [self.value(depth - 1) for _ in range(self.random.randrange(5))]
        if depth and kind <= 2:
            return {self.key(): self.value(depth - 1) for _ in range(self.random.randrange(5))}
        if kind == 3:
            return self.random.choice([None, True, False, [], {}])
        if kind == 4:
            return self.random.choice(NUMBERS)
        return self.string()

    def items(self):
        return [self.value() for _ in range(self.random.randrange(6))]

    def state(self):
        return {self.random.choice(["k", "old", "n", "é"]): self.value(2) for _ in range(self.random.randrange(3))}
