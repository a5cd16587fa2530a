/*
 * Selection of the next scale's patches. The children of selected parents whose logit is above the bound are
 * candidates. When there are more of them than may be selected, a radix search finds the least logit that is selected;
 * among those equal to it the lower indices win.
 */
#include "../../shared/radix.h"
#include "common.h"

namespace cpu::SF_ISA {

/* What a child's mask holds while ties are open. */
enum { TIE = 2 };

static uint32_t key_of(float logit) {
    uint32_t bits;
    const float value = logit == 0.0f ? 0.0f : logit;
    memcpy(&bits, &value, sizeof bits);
    return sortable_bits(bits);
}

/* Calls body(logit, child's index) for each candidate: a selected parent's child whose logit is above the bound. */
template <typename Body>
static void each_candidate(const sf_grid& parent, const sf_grid& child, const float* logits, const int32_t* indices,
                           const Body& body) {
    const float* four = logits + 4 * static_cast<int64_t>(parent.patch_row);
    for (int i = 0; i < parent.selected; i++, four += 4) {
        const int index = indices[parent.mask + i];
        const int first = 2 * (index / parent.cols) * child.cols + 2 * (index % parent.cols);
        for (int c = 0; c < 4; c++) {
            if (four[c] > child.logit_bound) body(four[c], first + c / 2 * child.cols + c % 2);
        }
    }
}

/* Leaves `most` of the candidates in a mask that has all of them: there are more. */
static void keep_highest(const sf_grid& parent, const sf_grid& child, const float* logits, const int32_t* indices,
                         int most, uint8_t* mask) {
    uint32_t last = 0;
    for (int shift = 24; shift >= 0; shift -= 8) {
        int histogram[256] = {};
        each_candidate(parent, child, logits, indices, [&](float logit, int) {
            const uint32_t key = key_of(logit);
            if ((key & known_bits(shift)) == last) histogram[key >> shift & 255u]++;
        });
        last |= static_cast<uint32_t>(digit_of(histogram, most)) << shift;
    }
    each_candidate(parent, child, logits, indices, [&](float logit, int index) {
        const uint32_t key = key_of(logit);
        mask[index] = key > last ? 1 : key == last ? TIE : 0;
    });
    const int total = patches_of(child);
    for (int i = 0; i < total; i++) {
        if (mask[i] == TIE) mask[i] = most-- > 0 ? 1 : 0;
    }
}

int select_patches(sf_stream*, const sf_grid* parents, const sf_grid* children, int num_requests, const float* logits,
                   const int32_t* indices, uint8_t* mask) {
    for (int r = 0; r < num_requests; r++) {
        const sf_grid& child = children[r];
        if (child.max_selected == SF_GIVEN) continue;
        uint8_t* to = mask + child.mask;
        memset(to, 0, static_cast<size_t>(patches_of(child)));
        int candidates = 0;
        each_candidate(parents[r], child, logits, indices, [&](float, int index) {
            to[index] = 1;
            candidates++;
        });
        if (candidates > child.max_selected) {
            keep_highest(parents[r], child, logits, indices, child.max_selected, to);
        }
    }
    return SF_OK;
}

}  // namespace cpu::SF_ISA
