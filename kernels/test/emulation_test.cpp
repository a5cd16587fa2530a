/* That the emulation catches what it is there for: kernels with one fault each, and the same without it. */
#include "async_copy.cuh"
#include "check.h"
#include "matrix.cuh"
#include "scanformer_cuda.h"
#include "warp.cuh"

namespace {

struct Shared {
    Cell<float> values[64];
    Cell<int> count;
};

enum Planted { kRight, kNoBarrier, kNoWarpBarrier, kUnwritten, kPastTheEnd, kDivergent, kMixedMeetings, kHalfMask };

/* Reverses 64 floats through shared memory, and sums them by warps. */
void reverse(Planted fault, const float* from, float* to) {
    Shared& shared = block_shared<Shared>();
    const int i = static_cast<int>(threadIdx.x);
    if (!(fault == kUnwritten && i == 5)) shared.values[i] = from[i];
    if (fault == kPastTheEnd && i == 63) (&shared.values[0] + sizeof(Shared) / 4)[0] = 1.0f;
    if (fault == kDivergent && i < 3) {
        __syncwarp();
        return;
    }
    if (fault != kNoBarrier) __syncthreads();
    to[i] = shared.values[63 - i];
    if (fault == kMixedMeetings && i == 40) {
        __syncwarp();
    } else {
        to[i] += warp_sum(0.0f);
    }
    if (fault == kHalfMask) to[i] += __shfl_xor_sync(0xffffu, 0.0f, 1);
    __syncthreads();
    /* Within a warp: each lane's value goes to its neighbour. */
    shared.values[i] = from[i];
    if (fault != kNoWarpBarrier) __syncwarp();
    to[64 + i] = shared.values[i ^ 1];
}

std::string run(Planted fault) {
    Array<float> from(64), to(128);
    fill(from);
    cudaStream_t queue = nullptr;
    (void)cudaStreamCreateWithFlags(&queue, 0);
    cudaError_t code =
        emulation::launch(queue, "reverse", dim3(1), 64, [&] { reverse(fault, from.data(), to.data()); });
    check_equal(static_cast<int>(code), 0, "a launch, whose fault is found later");
    code = cudaStreamSynchronize(queue);
    (void)cudaStreamDestroy(queue);
    if (code == cudaSuccess) {
        bool right = true;
        for (size_t i = 0; i < 64; i++) right = right && to[i] == from[63 - i] && to[64 + i] == from[i ^ 1];
        check(right, "a kernel that exchanges values by shared memory");
    }
    return code == cudaSuccess ? "" : emulation::last_fault();
}

void caught(Planted fault, const std::string& words) {
    const std::string found = run(fault);
    check(found.find(words) != std::string::npos, "expected a report of " + words + ", found \"" + found + "\"");
}

/* The product of two random tiles against loops. */
template <typename T>
void multiply(int depth, double tolerance, T) {
    constexpr bool wide = sizeof(T) == 4;
    std::vector<float> a(16 * 16), b(16 * 8);
    for (float& v : a) v = to_float(from_float<T>(random_float(-1, 1)));
    for (float& v : b) v = to_float(from_float<T>(random_float(-1, 1)));
    Array<float> c(16 * 8);
    cudaStream_t queue = nullptr;
    (void)cudaStreamCreateWithFlags(&queue, 0);
    cudaError_t code = emulation::launch(queue, "multiply", dim3(1), 32, [&] {
        const int g = lane_id() / 4, t = lane_id() % 4;
        uint32_t fa[4], fb[2];
        float fc[4] = {};
        /* As the comment of matrix.cuh places them. */
        const auto at = [&](const float* m, int index, int stride) {
            if constexpr (wide) {
                return __float_as_uint(m[index]);
            } else {
                return pack2<T>(m[index], m[index + stride]);
            }
        };
        for (int i = 0; i < 4; i++) {
            const int k = (wide ? t : 2 * t) + (i >= 2 ? depth / 2 : 0);
            fa[i] = at(a.data(), (g + i % 2 * 8) * 16 + k, 1);
        }
        for (int i = 0; i < 2; i++) {
            const int k = (wide ? t : 2 * t) + i * (depth / 2);
            fb[i] = at(b.data(), k * 8 + g, 8);
        }
        multiply_add(fc, fa, fb, T{});
        for (int i = 0; i < 4; i++) c[static_cast<size_t>((g + i / 2 * 8) * 8 + 2 * t + i % 2)] = fc[i];
    });
    if (code == cudaSuccess) code = cudaStreamSynchronize(queue);
    (void)cudaStreamDestroy(queue);
    check_equal(static_cast<int>(code), 0, "a product of tiles");
    std::vector<double> expected;
    for (size_t row = 0; row < 16; row++) {
        for (size_t col = 0; col < 8; col++) {
            double sum = 0;
            for (size_t k = 0; k < static_cast<size_t>(depth); k++) {
                sum += static_cast<double>(a[row * 16 + k]) * static_cast<double>(b[k * 8 + col]);
            }
            expected.push_back(sum);
        }
    }
    check_near(c, expected, tolerance, "a product of tiles of depth " + std::to_string(depth));
}

enum PlantedCopy { kRightCopy, kNoWait, kTooFewWaits, kNoBarrierBehind, kTargetInUse, kNotWaitedFor };

struct CopyShared {
    Cell<uint4> stages[2][32];
};

/* Copies two rows of 16 bytes a lane to shared memory ahead of their use, and hands them to the neighbours. */
void copy_rows(PlantedCopy fault, const uint4* from, uint32_t* to) {
    CopyShared& shared = block_shared<CopyShared>();
    const int lane = lane_id();
    for (int s = 0; s < 2; s++) {
        copy_async(&shared.stages[s][lane], from + 32 * s + lane, true);
        end_copy_group();
    }
    for (int s = 0; s < 2; s++) {
        if (fault == kTooFewWaits || (fault != kNoWait && s == 0)) {
            wait_for_copies<1>();
        } else if (fault != kNoWait) {
            wait_for_copies<0>();
        }
        if (fault != kNoBarrierBehind) __syncwarp();
        to[32 * s + lane] = static_cast<uint4>(shared.stages[s][lane ^ 1]).x;
        if (fault == kTargetInUse && s == 0) copy_async(&shared.stages[0][lane], from, true);
    }
    if (fault == kNotWaitedFor) copy_async(&shared.stages[0][lane], from, false);
}

/* What the emulation finds wrong with the copies, or "wrong" for wrong results. */
std::string copy_fault(PlantedCopy fault) {
    Array<uint4> from(64);
    Array<uint32_t> to(64);
    for (uint32_t i = 0; i < 64; i++) from[i] = make_uint4(i, 0, 0, 0);
    cudaStream_t queue = nullptr;
    (void)cudaStreamCreateWithFlags(&queue, 0);
    (void)emulation::launch(queue, "copy", dim3(1), 32, [&] { copy_rows(fault, from.data(), to.data()); });
    const cudaError_t code = cudaStreamSynchronize(queue);
    (void)cudaStreamDestroy(queue);
    if (code != cudaSuccess) return emulation::last_fault();
    for (size_t i = 0; i < 64; i++) {
        if (to[i] != (i ^ 1)) return "wrong";
    }
    return "";
}

void copies() {
    check(copy_fault(kRightCopy).empty(), "copies to shared memory ahead of their use");
    for (const PlantedCopy fault : {kNoWait, kTooFewWaits, kNoBarrierBehind, kTargetInUse, kNotWaitedFor}) {
        check(!copy_fault(fault).empty(), "fault " + std::to_string(fault) + " in copies to shared memory is found");
    }
}

void waits(int) { wait_for_earlier_kernels(); }
void waits_in_some_threads(int) {
    if (threadIdx.x != 7) wait_for_earlier_kernels();
}

/* A kernel that does not wait for the ones before it would end before them, and the next one run too early. */
void earlier_kernels() {
    for (const bool right : {true, false}) {
        cudaStream_t queue = nullptr;
        (void)cudaStreamCreateWithFlags(&queue, 0);
        (void)launch_kernel(queue, "kernel", dim3(1), 32, 0, true, right ? waits : waits_in_some_threads, 0);
        check_equal(cudaStreamSynchronize(queue) == cudaSuccess, right, "a kernel that waits for earlier ones");
        (void)cudaStreamDestroy(queue);
    }
}

struct Large {
    Cell<float> values[15 << 10];
};
void fill_large(float* to) {
    wait_for_earlier_kernels();
    Large& shared = dynamic_shared<Large>();
    const int last = (15 << 10) - 32 + static_cast<int>(threadIdx.x);
    shared.values[last] = 2.0f;
    to[threadIdx.x] = shared.values[last];
}

/* A kernel has as much shared memory as it was launched with. */
void dynamic_memory() {
    for (const int bytes : {static_cast<int>(sizeof(Large)), static_cast<int>(sizeof(Large)) - 4, 0}) {
        Array<float> to(32);
        cudaStream_t queue = nullptr;
        (void)cudaStreamCreateWithFlags(&queue, 0);
        (void)launch_kernel(queue, "kernel", dim3(1), 32, bytes, false, fill_large, to.data());
        const bool enough = bytes == static_cast<int>(sizeof(Large));
        check_equal(cudaStreamSynchronize(queue) == cudaSuccess, enough,
                    "60 KiB of shared memory, launched with " + std::to_string(bytes) + " bytes");
        if (enough) check_equal(to[31] == 2.0f, true, "what 60 KiB of shared memory hold");
        (void)cudaStreamDestroy(queue);
    }
}

/* Every fp16 number against the compiler's conversion. */
void halves() {
    int wrong = 0;
    for (uint32_t bits = 0; bits < 0x10000; bits++) {
        const auto half = static_cast<uint16_t>(bits);
        _Float16 value;
        std::memcpy(&value, &half, sizeof value);
        const float expected = static_cast<float>(value), found = to_float(F16{half});
        /* A signalling NaN may come back quiet. */
        const bool both_nan = expected != expected && found != found;
        if (!both_nan && __float_as_uint(found) != __float_as_uint(expected)) wrong++;
    }
    check_equal(wrong, 0, "fp16 numbers that become another fp32 number");
}

/* An error that ends the context: the stream says so from then on, and other streams go on. */
void lost_device() {
    sf_stream* stream = nullptr;
    check_equal(sf_stream_create(sf_cuda_backend(), 0, 0, 0, &stream), static_cast<int>(SF_OK), "sf_stream_create");
    void* memory = nullptr;
    check_equal(sf_allocate(stream, 64, &memory), static_cast<int>(SF_OK), "sf_allocate");
    /* The guard after it; the emulation reports it as a failed launch when the memory is freed. */
    static_cast<char*>(memory)[64] = 0;
    check_equal(sf_free(stream, memory, 64), static_cast<int>(SF_DEVICE_LOST), "an error that ends the context");
    check(std::string(sf_error(stream)).find("lost") != std::string::npos, "the message says that the device is lost");
    Array<float> from(1), to(1);
    check_equal(sf_convert(stream, 1, from.data(), SF_F32, to.data()), static_cast<int>(SF_DEVICE_LOST),
                "an operation on a lost device");
    sf_stream_destroy(stream);
    check_equal(sf_stream_create(sf_cuda_backend(), 0, 0, 0, &stream), static_cast<int>(SF_OK), "sf_stream_create");
    check_equal(sf_allocate(stream, int64_t{1} << 60, &memory), static_cast<int>(SF_OUT_OF_MEMORY), "too much memory");
    check_equal(sf_synchronize(stream), static_cast<int>(SF_OK), "a stream after a refused allocation");
    sf_stream_destroy(stream);
}

/* A host that does not wait is found out: copies read and write the host's memory when they run, not when enqueued. */
void lazy_queue() {
    constexpr size_t kBytes = 64;
    int early = 0, late = 0;
    for (int i = 0; i < 100; i++) {
        std::vector<char> host(kBytes, 1), back(kBytes, 2);
        void* device = nullptr;
        cudaStream_t queue = nullptr;
        (void)cudaMalloc(&device, kBytes);
        (void)cudaStreamCreateWithFlags(&queue, 0);
        (void)cudaMemcpyAsync(device, host.data(), kBytes, cudaMemcpyHostToDevice, queue);
        host.assign(kBytes, 3);
        (void)cudaMemcpyAsync(back.data(), device, kBytes, cudaMemcpyDeviceToHost, queue);
        check(back[0] != 2, "the target of a copy that is under way keeps nothing of before");
        if (back[0] == -1) late++;
        check_equal(static_cast<int>(cudaStreamSynchronize(queue)), 0, "cudaStreamSynchronize");
        if (back[0] == 1) early++;
        check(back[0] == 1 || back[0] == 3, "what was copied is what the host held at some time");
        (void)cudaStreamDestroy(queue);
        (void)cudaFree(device);
    }
    check(early > 0 && early < 100, "copies run at once and later: " + std::to_string(early) + " of 100 at once");
    check(late > 50, "most results are not there before the host waits: " + std::to_string(late) + " of 100");
}

}  // namespace

void test_emulation() {
    halves();
    copies();
    earlier_kernels();
    dynamic_memory();
    lazy_queue();
    lost_device();
    for (int i = 0; i < 20; i++) check(run(kRight).empty(), "a kernel without fault: " + emulation::last_fault());
    for (int i = 0; i < 20; i++) {
        const std::string found = run(kNoBarrier);
        check(!found.empty(), "a missing barrier is found in any order of threads");
    }
    caught(kNoWarpBarrier, "a race on shared memory");
    caught(kUnwritten, "read before it is written");
    caught(kPastTheEnd, "shared memory of");
    caught(kDivergent, "a divergent barrier");
    caught(kMixedMeetings, "wait for different operations");
    caught(kHalfMask, "a mask of 0x0000ffff");
    multiply(16, 1e-5, F16{});
    multiply(16, 1e-5, BF16{});
    multiply(8, 2e-3, float{});
}
