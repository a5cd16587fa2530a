/*
 * Faults in the rows of tables: what a row can break, and how it is told. The host finds them where it can read tables,
 * and kernels find them otherwise; the message is the same.
 */
#ifndef SCANFORMER_FAULTS_H
#define SCANFORMER_FAULTS_H

#include "host_device.h"
#include "status.h"

/* The operations by number, for a fault that a kernel found; the last is the CUDA backend's alone. */
enum Operation {
#define SF_NUMBER(operation) kOperation_##operation,
    SF_OPERATIONS(SF_NUMBER)
#undef SF_NUMBER
        kOperation_pack_batch
};

/* What a row of a table must keep. */
enum Rule {
    kValid = 0,
    kGridSize,
    kGridOffset,
    kGridSelected,
    kGridRow,
    kPatchIndex,
    kTokenId,
    kTokenPosition,
    kTokenRow,
    kAppendRange,
    kAppendAddress,
    kCountWeight,
    kNormRow,
    kBlockRows,
    kBlockMost,
    kBlockSegments,
    kSegmentTokens,
    kSegmentAddress,
    kChildRows,
    kChildCols,
    kChildMost,
    kNoLogits,
    kTooMany,
    kRules
};

/* What a check of a row found: kValid, or the rule it breaks with the number found and the one expected. */
struct Verdict {
    int rule;
    int64_t found;
    int64_t expected;
};

/* A broken rule with its place. */
struct TableFault {
    int32_t state;     /* 0 while there is none */
    int32_t operation; /* of Operation */
    int32_t rule;      /* of Rule, not kValid */
    int32_t row;       /* of the table; for kPatchIndex of the grids, for kTooMany their number */
    int64_t found;
    int64_t expected;
};

/* "sf_attention". */
static inline const char* operation_name(int operation) {
    static const char* const names[] = {
#define SF_NAME(operation) "sf_" #operation,
        SF_OPERATIONS(SF_NAME)
#undef SF_NAME
            "sf_pack_batch"};
    return names[operation];
}

/* Of the row, what was found and what was expected, in this order. */
static inline const char* rule_format(int rule) {
    static const char* const formats[kRules] = {
        "",
        "grid %d has %lld patches, expected 1 to %lld",
        "grid %d has offset %lld, expected at least %lld",
        "grid %d has %lld selected patches, expected 0 to %lld",
        "grid %d has row or scale %lld, expected at least %lld",
        "grid %d has patch index %lld, expected less than %lld",
        "token %d has id %lld, expected 0 to %lld",
        "token %d has position %lld, expected 0 to %lld",
        "token %d has row %lld, expected at least %lld",
        "append %d ends at token %lld or has a negative number, expected at most the capacity %lld",
        "append %d has address or layer stride %lld, expected an address and multiples of %lld",
        "row %d has count weight %lld, expected at least %lld",
        "row %d has row index %lld, expected at least %lld",
        "query block %d has a row or a number of rows of %lld, expected at least %lld",
        "query block %d has %lld rows, expected at most the %lld that were announced",
        "query block %d has segments up to %lld or none, expected at least one, of %lld",
        "segment %d has %lld tokens, expected at least %lld",
        "segment %d has address or layer stride %lld, expected an address and multiples of %lld",
        "request %d has %lld rows of children, expected %lld",
        "request %d has %lld columns of children, expected %lld",
        "request %d selects at most %lld children, expected at least %lld",
        "request %d has %lld selected parents without logits, expected %lld",
        "the %d rows of the table hold %lld in all, expected at most the %lld that were announced",
    };
    return formats[rule];
}

/* Keeps the fault's message, with its operation's name, and passes SF_INVALID_ARGUMENT on. */
static inline int fail_table(sf_stream* stream, const TableFault& fault) {
    const int named = snprintf(stream->error, sizeof stream->error, "%s: ", operation_name(fault.operation));
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    (void)snprintf(stream->error + named, sizeof stream->error - static_cast<size_t>(named), rule_format(fault.rule),
                   static_cast<int>(fault.row), static_cast<long long>(fault.found),
                   static_cast<long long>(fault.expected));
#pragma GCC diagnostic pop
    return SF_INVALID_ARGUMENT;
}

#endif
