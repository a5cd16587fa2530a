/*
 * What the tests with hostile arguments share. A call's arguments begin valid, with arrays of exactly the size that
 * they need; some are then spoilt at random, and what scanformer.h says of them is told apart from what was done.
 */
#ifndef SCANFORMER_TEST_HOSTILE_H
#define SCANFORMER_TEST_HOSTILE_H

#include "check.h"

/* What a call must come to. */
enum class Outcome {
    kFine,
    kRefused,
    kLie /* arrays are smaller than the arguments say: no check can see it, so the call is not made */
};

/* One argument in twelve is spoilt. */
inline bool chosen() { return random_int(0, 11) == 0; }

template <typename T, size_t N>
T one_of(const T (&values)[N]) {
    return values[random_int(0, static_cast<int>(N) - 1)];
}

inline void spoil(int32_t& value) {
    const int32_t values[] = {INT32_MIN,
                              INT32_MIN + 1,
                              -65536,
                              -2,
                              -1,
                              0,
                              1,
                              2,
                              3,
                              4,
                              31,
                              129,
                              4097,
                              46341,
                              1 << 16,
                              1 << 27,
                              1 << 30,
                              INT32_MAX / 2,
                              INT32_MAX - 1,
                              INT32_MAX - 15,
                              INT32_MAX};
    if (chosen()) value = one_of(values);
}

inline void spoil(int64_t& value) {
    const int64_t values[] = {
        INT64_MIN,        INT64_MIN + 64,   INT32_MIN,      -64,      -4, -1, 0, 1, 4, 64, INT32_MAX,
        int64_t{1} << 32, int64_t{1} << 62, INT64_MAX - 63, INT64_MAX};
    if (chosen()) value = one_of(values);
}

inline void spoil(float& value) {
    const float infinity = std::numeric_limits<float>::infinity();
    const float values[] = {std::nanf(""), infinity, -infinity, 0, -0.0f, -1, 1e-45f, 3.4e38f};
    if (chosen()) value = one_of(values);
}

/* What a call announces. A device is sized by it, and the emulation has no time for millions. */
inline void spoil_announced(int& most) {
    spoil(most);
    if (tables_on_device) most = std::min(most, 64);
}

/* Makes an array's address NULL, or one that its elements cannot have. */
template <typename T>
void spoil(T*& array) {
    if (!chosen()) return;
    const bool null = sizeof(T) == 1 || random_int(0, 1) == 0;
    array = null ? nullptr : reinterpret_cast<T*>(reinterpret_cast<uintptr_t>(array) + 1);
}

template <typename T>
bool misaligned(const T* array) {
    return reinterpret_cast<uintptr_t>(array) % alignof(T) != 0;
}

/* Whether one of the arrays is NULL or misaligned. */
template <typename... T>
bool unusable(const T*... arrays) {
    return (... || (arrays == nullptr || misaligned(arrays)));
}

/* Whether a range [begin, begin + count) is not within [0, size). */
inline bool outside(__int128 begin, __int128 count, __int128 size) { return begin < 0 || begin + count > size; }

/* The worse of two. */
inline Outcome operator|(Outcome a, Outcome b) { return a > b ? a : b; }

/*
 * What a table comes to: `faults` of its rows are announced, `lies` are in rows without one. The CPU looks through the
 * table before it touches what the rows name; a device does the rows that are not at fault.
 */
inline Outcome of_table(bool faults, bool lies) {
    if (faults && (!lies || !tables_on_device)) return Outcome::kRefused;
    return lies ? Outcome::kLie : Outcome::kFine;
}

inline bool contains(const std::vector<int>& values, int value) {
    return std::find(values.begin(), values.end(), value) != values.end();
}

/* Calls, unless it is a lie, and compares. On the CPU what is refused has written nothing. */
template <typename Call, typename Untouched>
void check_outcome(sf_stream* stream, Outcome expected, const std::string& operation, const Call& call,
                   const Untouched& untouched) {
    if (expected == Outcome::kLie) return;
    int status = call();
    if (tables_on_device && status == SF_OK) status = sf_synchronize(stream);
    if (expected == Outcome::kFine) {
        check(status == SF_OK, operation + ": status " + std::to_string(status) + ", " + sf_error(stream));
        return;
    }
    check(status == SF_INVALID_ARGUMENT || status == SF_UNSUPPORTED,
          operation + ": status " + std::to_string(status) + " for what must be refused");
    if (status != SF_OK) {
        check(std::string(sf_error(stream)).rfind(operation + ": ", 0) == 0,
              operation + ": the message is \"" + sf_error(stream) + "\"");
    }
    if (!tables_on_device) check(untouched(), operation + " has written, and refused");
}

/* Calls of each operation, on one stream. The emulation is slow. */
inline int hostile_rounds() { return tables_on_device ? fewer(60) : 1500; }

void hostile_patches(sf_stream* stream);
void hostile_tokens(sf_stream* stream);
void hostile_encoder(sf_stream* stream);
void hostile_pyramid(sf_stream* stream);
void hostile_memory(sf_stream* stream);

#endif
