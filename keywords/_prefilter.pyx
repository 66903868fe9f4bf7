# cython: language_level=3, boundscheck=True, wraparound=False, initializedcheck=False
"""Tells in less than a microsecond that nothing in an ordinary title can be a finding that counts.

Compiled where `make setup` finds a C compiler; `keywords.prefilter` says what it is built from. It errs to "read it"
and never to "clear", so that the scanner, which reads what is not cleared, judges with it as without.

A text becomes small numbers, as many as the skeleton has characters, and at every place the patterns that begin there
are looked up: by their first two characters, then down the sorted list. Arrays are checked at every access.
"""

from cpython.unicode cimport PyUnicode_DATA, PyUnicode_GET_LENGTH, PyUnicode_KIND, PyUnicode_READ, Py_UNICODE_ISDECIMAL

include "_patterns.pxi"

cdef enum:
    # Weak findings from which a text is read in full.
    _MANY = 12

cdef enum:
    # What a pattern says of a text that holds it: asked when it is first found.
    _UNKNOWN
    _NOTHING
    _READ
    _JOINED
    _TRIPLE
    # The same of a term, whose Latin edges must be those of a word.
    _STRONG
    _ASKED

cdef enum:
    # What a character may be beside stuffing.
    _LEFT = 1
    _FILLED = 2
    _RIGHT = 4
    _LATIN = 8


cdef class Weak:
    """A weak term, and what would be company for it. Sets of numbers are a bit for each."""

    cdef uint32_t category, term
    cdef bint everyday, alone
    #: Numbers of its own companions, in order.
    cdef const uint32_t[::1] companions
    #: Numbers of words that speak for it; of words that are talk of its category.
    cdef const uint8_t[::1] words, talk
    #: The expressions that speak for it, a bit for each.
    cdef object expressions
    #: Characters of which one stands in every text that any of them is found in; None where any may be.
    cdef const uint8_t[::1] letters

    def __init__(self, category, term, everyday, alone, companions, words, talk, expressions, letters):
        self.category, self.term, self.everyday, self.alone = category, term, everyday, alone
        self.companions, self.words, self.talk = companions, words, talk
        self.expressions, self.letters = expressions, letters


cdef class Asked:
    """What a pattern asks for before a text that holds it is read in full."""

    cdef tuple weak
    #: Characters after it that make a longer strong term of it; None for none.
    cdef const uint8_t[::1] after
    #: Numbers of other parts, one of which makes a pair of it; in order.
    cdef const uint32_t[::1] parts

    def __init__(self, weak, after, parts):
        self.weak, self.after, self.parts = weak, after, parts


cdef class Prefilter:
    """Clears texts. Learns of a pattern when it first meets it; otherwise immutable, so threads may share it."""

    cdef const uint16_t[::1] _number
    cdef const uint8_t[::1] _sides
    cdef Patterns _findings, _beside
    cdef uint8_t[::1] _kinds
    cdef dict _asked, _characters, _names
    cdef object _learn_of, _expressed
    cdef int _window
    #: By small number what a character adds to a sum from which phrasing may speak; none where it is never asked.
    cdef const int32_t[::1] _gate
    cdef int _shortest, _longest

    def __init__(
        self, uint16_t[::1] number, sides, findings, beside, kinds, dict characters, int window, learn_of, expressed,
        gate, int shortest, int longest
    ):
        """`number`: code point to small number; `sides`: by small number what it may be beside stuffing; `findings`
        and `beside`: texts in order and the number of each; `kinds`: by number of a finding, 0 where `learn_of` is to
        be asked: it answers False for nothing, True for a text to be read, or an `Asked`; `characters`: small numbers
        of what parts make, by their number; `expressed`: tells of a text and bits whether an expression is found;
        `gate`, `shortest` and `longest`: what `Phrasing.may_speak` asks of a text with a weak finding; None for nothing.
        """
        cdef Py_ssize_t code
        for code in range(number.shape[0]):
            if number[code] == _OTHER and Py_UNICODE_ISDECIMAL(code):
                number[code] = _UNSURE  # an expression may ask for any digit
        self._number, self._sides, self._kinds, self._characters = number, sides, kinds, characters
        self._findings = Patterns(number, *findings, len(sides))
        self._beside = Patterns(number, *beside, len(sides))
        self._window, self._learn_of, self._expressed = window, learn_of, expressed
        self._gate, self._shortest, self._longest = gate, shortest, longest
        self._asked, self._names = {}, {}

    def clears(self, str raw not None) -> bool:
        """True where nothing in `raw` can be a finding that counts; False where it is to be read."""
        cdef Text text
        cdef Hit hits[_MOST]
        cdef int count
        cdef bint stuffed = False
        if not self._folds(raw, &text, &stuffed):
            return False
        count = self._findings.find(&text, hits, 0)
        if count < 0 or not self._harmless(raw, &text, hits, count) or (stuffed and not self._clears_across(&text)):
            return False
        return not self._fills(&text)

    cdef bint _folds(self, str raw, Text* text, bint* stuffed) except -1:
        """Writes down what is legible in `raw`; False where it is to be read as a whole."""
        cdef Py_ssize_t length = PyUnicode_GET_LENGTH(raw), place
        cdef int kind = PyUnicode_KIND(raw), size = 0, lines = 0, filled = 0, before = 0, between = 0
        cdef void* data = PyUnicode_DATA(raw)
        cdef Py_UCS4 char
        cdef uint16_t number
        cdef uint8_t side
        if length > _LONGEST:
            return False
        for place in range(length):
            char = PyUnicode_READ(kind, data, place)
            if char >= <Py_UCS4>self._number.shape[0]:
                return False
            number = self._number[char]
            if number < _FIRST and number != _OTHER:
                if number != _SKIPPED:
                    lines += char == 10
                    # Several lines may spell something down their heads.
                    if number == _UNSURE or lines > 1 or _is_mark(kind, data, length, place):
                        return False
                continue
            side = self._sides[number]
            if side & _FILLED:
                filled += 1
            elif filled:
                if side & _RIGHT and size > filled and self._sides[text.codes[size - filled - 1]] & _LEFT:
                    stuffed[0] = stuffed[0] or filled < 3
                    # Filled on both sides of one character: 懒qwer猴zxcv蜂.
                    if between and between == size - filled - 1 and (filled > 2 or before > 2):
                        return False
                    before, between = filled, size
                filled = 0
            text.codes[size], text.first[size] = number, place
            size += 1
        text.size = size
        _close(text)
        return True

    cdef bint _fills(self, const Text* text) except -1:
        """True where the same may stand in every gap of a name: 穿一山一甲, of which a text goes on as 穿山."""
        cdef int place = _again(text, 1), width, at
        cdef uint32_t pair
        while place < text.size:
            for width in range(1, _WIDEST + 1):
                at = 0
                while at < width and text.codes[place + at] == text.codes[place + width + 1 + at]:
                    at += 1
                if at == width:
                    pair = (<uint32_t>text.codes[place - 1]) << 16 | text.codes[place + width]
                    if _marked(self._findings._likely, _hashed(pair)) and self._fills_from(text, place, width):
                        return True
            place = _again(text, place + 1)
        return False

    cdef bint _harmless(self, str raw, const Text* text, Hit* hits, int count) except -1:
        """True where no finding is one by itself and no weak one has company."""
        cdef int at, kind, told = 0
        cdef Hit finds[_MANY]
        cdef Asked asked
        cdef bint joined = False
        for at in range(count):
            kind = self._kinds[hits[at].text] or self._learn(hits[at].text)
            joined = joined or kind == _JOINED
            if kind == _READ or (kind == _TRIPLE and self._parts_characters(text, hits[at])):
                return False
            if kind < _STRONG or not self._is_whole(raw, text, hits[at]):
                continue
            if kind == _STRONG or told == _MANY or _stutters(text, hits[at]):
                return False
            asked = self._asked[hits[at].text]
            if asked.after is not None and hits[at].end < text.size and _has(asked.after, text.codes[hits[at].end]):
                return False
            finds[told] = hits[at]
            told += 1
        if joined and not self._clears_joined(text, hits, count):
            return False
        return told == 0 or self._lonely(raw, text, finds, told, hits, self._beside.find(text, hits, count))

    cdef bint _is_whole(self, str raw, const Text* text, Hit hit) except -1:
        """False where a Latin edge goes on as a Latin word, which no term does: xiangya in xiangyang."""
        cdef Py_ssize_t place = text.first[hit.start]
        if place and self._is_latin(text.codes[hit.start]) and self._is_latin(self._number_at(raw, place - 1)):
            return False
        if not self._is_latin(text.codes[hit.end - 1]):
            return True
        place = text.first[hit.end - 1] + 1
        return place == PyUnicode_GET_LENGTH(raw) or not self._is_latin(self._number_at(raw, place))

    cdef bint _is_latin(self, uint16_t code) except -1:
        return self._sides[code] & _LATIN != 0

    cdef uint16_t _number_at(self, str raw, Py_ssize_t place) except? 0xFFFF:
        return self._number[PyUnicode_READ(PyUnicode_KIND(raw), PyUnicode_DATA(raw), place)]

    cdef int _learn(self, uint32_t text) except -1:
        told = self._learn_of(text)
        if isinstance(told, Asked):
            self._asked[text] = told
        # Last, since another thread may ask at the same time.
        self._kinds[text] = _ASKED if isinstance(told, Asked) else _STRONG if told else _NOTHING
        return self._kinds[text]

    cdef bint _parts_characters(self, const Text* text, Hit hit) except -1:
        """True where letters or digits in a row, three or more and all the same, part two characters of a name."""
        cdef int start = hit.start, end = hit.end
        while start > 0 and text.codes[start - 1] == text.codes[hit.start]:
            start -= 1
        while end < text.size and text.codes[end] == text.codes[hit.start]:
            end += 1
        if start == 0 or end == text.size:
            return False
        return self._sides[text.codes[start - 1]] & _LEFT and self._sides[text.codes[end]] & _RIGHT

    cdef bint _lonely(
        self, str raw, const Text* text, const Hit* finds, int told, const Hit* hits, int count
    ) except -1:
        """True where nothing among `hits` is company for what was found, nor makes a pair of it."""
        cdef Asked asked
        cdef Weak term
        cdef int at, talk
        if count < 0:
            return False
        expressions = None
        for at in range(told):
            asked = self._asked[finds[at].text]
            if asked.parts is not None and _any_of(asked.parts, hits, count):
                return False
            for term in asked.weak:
                if self._company(term, finds[at], hits, count):
                    return False
                talk = _count(term.talk, hits, count) if term.talk is not None else 0
                if (talk or told > 1) and self._among(term, finds[at], finds, told, talk):
                    return False
                if term.expressions and (term.letters is None or _any_in(term.letters, text)):
                    expressions = term.expressions if expressions is None else expressions | term.expressions
        return not (self._may_speak(text) or (expressions is not None and self._expressed(raw, expressions)))

    cdef bint _may_speak(self, const Text* text) except -1:
        """As `Phrasing.may_speak` has it, and now and then where that says no."""
        cdef int64_t told = 0
        cdef int at
        if self._gate is None or text.size < self._shortest:
            return False
        for at in range(min(text.size, self._longest)):
            told += self._gate[text.codes[at]]
        return told >= 0

    cdef bint _company(self, Weak term, Hit find, const Hit* hits, int count) except -1:
        cdef int at
        for at in range(count):
            if not self._near(find, hits[at]) or (find.start <= hits[at].start and hits[at].end <= find.end):
                continue
            if _has(term.words, hits[at].text) or _holds(term.companions, hits[at].text):
                return True
        return False

    cdef bint _among(self, Weak term, Hit find, const Hit* finds, int told, int talk) except -1:
        """True where others of its category may be company, as `Company.possible` has it."""
        cdef Asked asked
        cdef Weak other
        cdef int at, others = 0
        for at in range(told):
            if finds[at].end > find.start and finds[at].start < find.end:
                continue
            asked = self._asked[finds[at].text]
            for other in asked.weak:
                if other.category != term.category or (other.term == term.term and finds[at].text == find.text):
                    continue
                if not (other.everyday and (term.everyday or other.alone)):
                    if self._near(find, finds[at]):
                        return True
                elif term.everyday and not other.alone:
                    others += 1
        return talk + others >= 2 and term.everyday and not term.alone

    cdef bint _near(self, Hit find, Hit other) noexcept:
        return find.start - self._window <= other.start and other.end <= find.end + self._window

    cdef bint _fills_from(self, const Text* text, int place, int width) except -1:
        """True where the characters before, and between what is the same from `place` on, begin with a pattern."""
        cdef Text between
        cdef Hit hits[_MOST]
        cdef int at = place - 1, count
        between.size = 0
        while True:
            _append(&between, text.codes[at], at, at)
            at += width + 1
            if at >= text.size or memcmp(&text.codes[at - width], &text.codes[place], 2 * width):
                break
        count = self._findings.find(&between, hits, 0)
        for at in range(count):
            if not hits[at].start and hits[at].end > 1 and self._is_name(hits[at].text):
                return True
        return count < 0

    cdef bint _is_name(self, uint32_t number) except -1:
        if number not in self._names:
            self._names[number] = self._learn_of.is_name(number)
        return self._names[number]

    cdef bint _clears_across(self, const Text* text) except -1:
        """True where no pattern stands across stuffing: 象1牙."""
        cdef Text shorter
        cdef int place = 0, gap
        shorter.size = 0
        while place < text.size:
            gap = self._gap(text, place)
            if not gap:
                _append(&shorter, text.codes[place], place, place)
            place += gap or 1
        return self._clears_other(&shorter)

    cdef int _gap(self, const Text* text, int place) except -1:
        """How many letters or digits at `place` are stuffing: two at most."""
        cdef int step
        if place == 0 or not self._sides[text.codes[place - 1]] & _LEFT:
            return 0
        for step in range(1, 3):
            if place + step >= text.size or not self._sides[text.codes[place + step - 1]] & _FILLED:
                return 0
            if self._sides[text.codes[place + step]] & _RIGHT:
                return step
        return 0

    cdef bint _clears_joined(self, const Text* text, const Hit* hits, int count) except -1:
        """True where no pattern appears when characters written in parts are put together: 犭虎皮."""
        cdef Text whole
        cdef int place = 0, at = 0, end
        cdef uint16_t code
        whole.size = 0
        while place < text.size:
            code, end = text.codes[place], place + 1
            while at < count and hits[at].start <= place:
                # The longest, which comes last.
                if hits[at].start == place and self._kinds[hits[at].text] == _JOINED:
                    code, end = self._characters[hits[at].text], hits[at].end
                at += 1
            _append(&whole, code, place, end - 1)
            place = end
        return self._clears_other(&whole)

    cdef bint _clears_other(self, const Text* text) except -1:
        """True where no pattern in a text made of another stands for more characters than it has."""
        cdef Hit hits[_MOST]
        cdef int count = self._findings.find(text, hits, 0), at
        for at in range(count):
            if text.last[hits[at].end - 1] - text.first[hits[at].start] >= hits[at].end - hits[at].start:
                if (self._kinds[hits[at].text] or self._learn(hits[at].text)) != _NOTHING:
                    return False
        return count >= 0


cdef bint _is_mark(int kind, void* data, Py_ssize_t length, Py_ssize_t place) noexcept:
    """True where markup, a reference, or a row of remarks may begin; what `without_markup` changes, and a little more."""
    cdef Py_UCS4 char = PyUnicode_READ(kind, data, place)
    cdef Py_UCS4 after = PyUnicode_READ(kind, data, place + 1) if place + 1 < length else 0
    cdef Py_UCS4 before = PyUnicode_READ(kind, data, place - 1) if place else 0
    cdef Py_UCS4 second
    if char == u"&":
        second = PyUnicode_READ(kind, data, place + 2) if place + 2 < length else 0
        return after == u"#" or (_is_letter(after) and _is_letter(second))
    if char == u"<":
        return _is_letter(after) or after == u"/" or after == u"!"
    if char == u"[":
        # A face in brackets: 红[狗头]隼.
        return _is_letter(after) or after == u"/" or 0x3400 <= after <= 0x9FFF
    if char == u"\\":
        return _is_letter(after)
    if char == u"%":
        return after == u"e" or after == u"E"
    if char == u"@" or char == u"$":
        return _is_letter(before) or after == u"0"
    # 】山 before a bracket: remarks after one character each, 穿【别】山【问】甲.
    if place < 2 or before < 0x3400 or before > 0x9FFF:
        return False
    second = PyUnicode_READ(kind, data, place - 2)
    return second == u")" or second == u"）" or second == u"】" or second == u"］"


cdef inline bint _is_letter(Py_UCS4 char) noexcept nogil:
    return u"a" <= char <= u"z" or u"A" <= char <= u"Z"
