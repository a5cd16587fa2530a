/* How a kernel checks tables that only the device reads, and reports what is wrong in them. */
#ifndef SCANFORMER_TABLE_FAULTS_CUH
#define SCANFORMER_TABLE_FAULTS_CUH

#include "shared/tables.h"
#include "warp.cuh"

/* Whether a kernel before has found a fault that the host does not know of yet. */
__device__ __forceinline__ bool found_before(const TableFault* fault) {
    return *const_cast<const volatile int32_t*>(&fault->state) != 0;
}

/* Keeps the first fault, in memory that the host sees when it next waits. */
__device__ __forceinline__ void report(TableFault* fault, Operation operation, int row, const Verdict& verdict) {
    if (atomicCAS(&fault->state, 0, 1) == 0) {
        fault->operation = operation;
        fault->rule = verdict.rule;
        fault->row = row;
        fault->found = verdict.found;
        fault->expected = verdict.expected;
    }
}

/*
 * Checks a table, its rows shared out to the lanes of one warp: check(i) is the verdict on row i, and announced(i) what
 * that row announces when it is valid. More in all than `most`, for which the kernel was launched, is reported too. The
 * other warps of the block go on.
 */
template <typename Check, typename Announced>
__device__ __forceinline__ void check_table(int rows, int most, TableFault* fault, Operation operation,
                                            const Check& check, const Announced& announced) {
    if (warp_id() != 0) return;
    int64_t total = 0;
    for (int i = lane_id(); i < rows; i += kWarp) {
        const Verdict verdict = check(i);
        if (verdict.rule == kValid) {
            total += announced(i);
        } else {
            report(fault, operation, i, verdict);
        }
    }
    const Verdict verdict = check_total(warp_sum(total), most);
    if (lane_id() == 0 && verdict.rule != kValid) report(fault, operation, rows, verdict);
}

#endif
