"""Texts found by their first two characters: the prefilter's dictionary. Part of _prefilter.pyx, which includes it."""

from array import array

from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t

cdef enum:
    # Numbers with a meaning of their own; those from _FIRST on are characters of the patterns.
    _SKIPPED
    _OTHER
    _LOOK
    _OPENED
    _UNSURE
    _FIRST

cdef enum:
    # Characters of a skeleton, and findings, from which a text is read in full.
    _LONGEST = 2048
    _MOST = 256
    # Places behind a text that may be looked at.
    _BEHIND = 8

cdef enum:
    # Bits of the table that most pairs of characters are turned away by; it stays near the processor.
    _LIKELY = 1 << 18

cdef uint32_t _NONE = 0xFFFFFFFF

ctypedef struct Hit:
    uint32_t text
    uint16_t start
    uint16_t end

ctypedef struct Text:
    # Small numbers, and of each where it stood: in the raw text, or first and last in the text that it was made of.
    int size
    uint16_t codes[_LONGEST + _BEHIND]
    uint16_t first[_LONGEST]
    uint16_t last[_LONGEST]


cdef extern from "string.h" nogil:
    int memcmp(const void* one, const void* other, size_t size)

cdef enum:
    # Characters of what fills all gaps of a name.
    _WIDEST = 4


cdef class Patterns:
    """Texts in order, found by their first two characters."""

    cdef uint16_t[::1] _codes
    #: By small number whether it is a text by itself, and which.
    cdef uint8_t[::1] _alone
    cdef uint32_t[::1] _ends, _numbers, _single
    #: Four for each pair of characters, where its hash leads: the pair, which of the longer texts begin with it (first
    #: and last), and the number of the text that it is itself. One look at the memory instead of five.
    cdef uint32_t[::1] _pairs
    #: Bits by which most pairs, and pairs with a third, are turned away.
    cdef uint8_t[::1] _likely, _third
    cdef uint32_t _mask

    def __init__(self, const uint16_t[::1] number, list texts, numbers, int size):
        """`number`: code point to small number, of which there are `size`; `texts`: in the order of their numbers'
        characters; `numbers`: what each is told by.
        """
        cdef Py_ssize_t place = 0, at
        cdef str text
        self._numbers = numbers
        self._codes = array("H", bytes(2 * sum(map(len, texts))))
        self._ends = array("I", bytes(4 * (len(texts) + 1)))
        for at, text in enumerate(texts):
            for char in text:
                self._codes[place] = number[ord(char)]
                place += 1
            self._ends[at + 1] = place
        self._alone = bytearray(size)
        self._single = array("I", b"\xff" * (4 * size))
        self._likely, self._third = bytearray(_LIKELY // 8), bytearray(_LIKELY // 8)
        self._index()

    cdef _index(self):
        cdef uint32_t at, size, pair, slot, count = <uint32_t>self._numbers.shape[0]
        cdef const uint16_t[::1] text
        self._mask = 1
        while self._mask < count:
            self._mask *= 2
        self._pairs = array("I", b"\xff" * (16 * self._mask))
        self._mask -= 1
        for at in range(count):
            size = self._ends[at + 1] - self._ends[at]
            text = self._codes[self._ends[at] :]
            if size == 1:
                self._single[text[0]], self._alone[text[0]] = self._numbers[at], True
                continue
            pair = (<uint32_t>text[0]) << 16 | text[1]
            _mark(self._likely, _hashed(pair))
            slot = self._slot(pair)
            self._pairs[slot] = pair
            if size == 2:
                self._pairs[slot + 3] = self._numbers[at]
                continue
            _mark(self._third, _hashed(pair ^ _hashed(text[2])))
            if self._pairs[slot + 1] == _NONE:
                self._pairs[slot + 1] = at
            self._pairs[slot + 2] = at + 1

    cdef uint32_t _slot(self, uint32_t pair) except? 0xFFFFFFFE:
        """Where the pair stands, or would."""
        cdef uint32_t slot = _hashed(pair) & self._mask
        while self._pairs[4 * slot] != pair and self._pairs[4 * slot] != _NONE:
            slot = (slot + 1) & self._mask
        return 4 * slot

    cdef int find(self, const Text* text, Hit* hits, int count) except -2:
        """All of them in the text, behind the `count` hits that are there; -1 where they are too many."""
        cdef int place
        cdef uint32_t code, following, pair
        following = text.codes[0] if text.size else 0
        for place in range(text.size):
            code = following
            following = text.codes[place + 1] if place + 1 < text.size else 0
            if code < _FIRST:
                continue
            if self._alone[code]:
                if count == _MOST:
                    return -1
                hits[count] = Hit(self._single[code], place, place + 1)
                count += 1
            if following < _FIRST:
                continue
            pair = code << 16 | following
            if _marked(self._likely, _hashed(pair)):
                count = self._begun(text, place, pair, hits, count)
                if count < 0:
                    return -1
        return count

    cdef int _begun(self, const Text* text, int place, uint32_t pair, Hit* hits, int count) except -2:
        """With those that begin at `place` with this pair of characters."""
        cdef uint32_t slot = self._slot(pair), low, high
        cdef int deep = 2
        if self._pairs[slot] == _NONE:
            return count
        if self._pairs[slot + 3] != _NONE:
            if count == _MOST:
                return -1
            hits[count] = Hit(self._pairs[slot + 3], place, place + 2)
            count += 1
        low, high = self._pairs[slot + 1], self._pairs[slot + 2]
        if low == _NONE or place + 2 >= text.size:
            return count
        if not _marked(self._third, _hashed(pair ^ _hashed(text.codes[place + 2]))):
            return count
        while place + deep < text.size:
            low = self._bound(low, high, deep, text.codes[place + deep])
            high = self._bound(low, high, deep, text.codes[place + deep] + 1)
            deep += 1
            if low < high and self._ends[low + 1] - self._ends[low] == <uint32_t>deep:
                if count == _MOST:
                    return -1
                hits[count] = Hit(self._numbers[low], place, place + deep)
                count += 1
                low += 1
            if low >= high:
                break
        return count

    cdef uint32_t _bound(self, uint32_t low, uint32_t high, int deep, uint32_t code) except? 0xFFFFFFFE:
        """The first of these that has `code` or more so deep down; none of them is shorter."""
        cdef uint32_t middle
        while low < high:
            middle = (low + high) // 2
            if self._codes[self._ends[middle] + deep] < code:
                low = middle + 1
            else:
                high = middle
        return low


cdef inline uint32_t _hashed(uint32_t key) noexcept nogil:
    key *= <uint32_t>2654435761
    return key ^ key >> 15


cdef inline bint _mark(uint8_t[::1] bits, uint32_t hashed) except -1:
    bits[(hashed & _LIKELY - 1) >> 3] |= 1 << (hashed & 7)
    return True


cdef inline bint _marked(const uint8_t[::1] bits, uint32_t hashed) except -1:
    return bits[(hashed & _LIKELY - 1) >> 3] >> (hashed & 7) & 1


cdef inline void _append(Text* text, uint16_t code, int first, int last) noexcept nogil:
    # Never more than the text that it is made of has.
    text.codes[text.size], text.first[text.size], text.last[text.size] = code, first, last
    text.size += 1


cdef void _close(Text* text) noexcept nogil:
    """Puts behind a text what equals nothing in it, nor itself."""
    cdef int at
    for at in range(_BEHIND):
        text.codes[text.size + at] = 0xFFF0 + at


cdef inline int _again(const Text* text, int at) noexcept nogil:
    """The next place from `at` on whose character stands again behind one to four more; the size where there is none."""
    while at < text.size and not (
        text.codes[at] == text.codes[at + 2]
        or text.codes[at] == text.codes[at + 3]
        or text.codes[at] == text.codes[at + 4]
        or text.codes[at] == text.codes[at + 5]
    ):
        at += 1
    return at


cdef inline bint _has(const uint8_t[::1] bits, uint32_t number) except -1:
    return number >> 3 < <uint32_t>bits.shape[0] and bits[number >> 3] >> (number & 7) & 1


cdef bint _holds(const uint32_t[::1] ordered, uint32_t number) except -1:
    cdef Py_ssize_t low = 0, high = ordered.shape[0], middle
    while low < high:
        middle = (low + high) // 2
        if ordered[middle] < number:
            low = middle + 1
        else:
            high = middle
    return low < ordered.shape[0] and ordered[low] == number


cdef bint _any_of(const uint32_t[::1] ordered, const Hit* hits, int count) except -1:
    cdef int at
    for at in range(count):
        if _holds(ordered, hits[at].text):
            return True
    return False


cdef bint _any_in(const uint8_t[::1] bits, const Text* text) except -1:
    cdef int at
    for at in range(text.size):
        if _has(bits, text.codes[at]):
            return True
    return False


cdef int _count(const uint8_t[::1] bits, const Hit* hits, int count) except -1:
    cdef int at, found = 0
    for at in range(count):
        found += _has(bits, hits[at].text)
    return found


cdef inline bint _stutters(const Text* text, Hit hit) noexcept nogil:
    """麝麝香香."""
    return (
        hit.end - hit.start == 2
        and hit.start > 0
        and hit.end < text.size
        and text.codes[hit.start - 1] == text.codes[hit.start]
        and text.codes[hit.end] == text.codes[hit.end - 1]
    )
