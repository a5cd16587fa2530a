/* The softmax of a row of logits that comes in pieces (Milakov and Gimelshein 2018), in powers of two. */
#ifndef SCANFORMER_ONLINE_SOFTMAX_CUH
#define SCANFORMER_ONLINE_SOFTMAX_CUH

#include "warp.cuh"

/*
 * A query's maximum so far and the sum of its weights 2^(logit - maximum). Several lanes share the query, each with
 * logits of its own: STEPS are the differences between their numbers, by which they exchange what they have.
 *
 * The maximum follows the highest logit only when that is more than kSlack above it: weights are at most 2^kSlack,
 * which every type holds, and what was summed with them seldom has to be scaled. Before the first logits it is -inf,
 * and the factor for the sums so far, which are 0, is 0. After them it is finite if one of them was, so that a
 * difference from it is never inf - inf.
 */
template <int... STEPS>
struct OnlineSoftmax {
    static constexpr float kSlack = 8;

    float maximum = -INFINITY;
    float total = 0; /* of this lane's weights */

    /* The highest of N more logits of each lane. */
    template <int N, typename Logit>
    __device__ static __forceinline__ float highest(const Logit& logit) {
        float highest = logit(0);
#pragma unroll
        for (int i = 1; i < N; i++) highest = fmaxf(highest, logit(i));
        ((highest = fmaxf(highest, __shfl_xor_sync(kFullMask, highest, STEPS))), ...);
        return highest;
    }

    /* Whether the maximum has to follow. */
    __device__ __forceinline__ bool outgrown_by(float highest) const { return highest > maximum + kSlack; }

    /* Lets the maximum follow if it has to; returns the factor for what was summed so far. */
    __device__ __forceinline__ float follow(float highest) {
        const float before = maximum;
        if (outgrown_by(highest)) maximum = highest;
        const float rescale = exp2_approximately(before - maximum);
        total *= rescale;
        return rescale;
    }

    /* Turns N logits of the lane into weights. */
    template <int N, typename Logit>
    __device__ __forceinline__ void weigh(const Logit& logit) {
#pragma unroll
        for (int i = 0; i < N; i++) total += logit(i) = exp2_approximately(logit(i) - maximum);
    }

    /* The sum of all lanes' weights. */
    __device__ __forceinline__ float sum() const {
        float all = total;
        ((all += __shfl_xor_sync(kFullMask, all, STEPS)), ...);
        return all;
    }
};

#endif
