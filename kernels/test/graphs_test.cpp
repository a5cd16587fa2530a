/* Graphs that choose between bodies, and what the emulated runtime refuses of them as CUDA does. */
#include <limits.h>

#include "check.h"
#include "emulation.h"
#include "scanformer_cuda.h"

namespace {

constexpr int kBodies = 3;

/* What has run, in its order. */
std::vector<int> ran;

cudaStream_t queue_of(sf_stream* stream) { return static_cast<cudaStream_t>(sf_cuda_queue(stream)); }

/* Work that says that it ran. */
void note(sf_stream* stream, int number) {
    (void)queue_of(stream)->take([=] {
        ran.push_back(number);
        return cudaSuccess;
    });
}

/* A kernel that sets a condition to what is in memory; to nothing where that is negative. */
void choose(sf_stream* stream, uint64_t condition, const int* value) {
    (void)emulation::launch(queue_of(stream), "choose", dim3(1), 32, [=] {
        if (threadIdx.x == 0 && *value >= 0) set_condition(condition, static_cast<unsigned>(*value));
    });
}

sf_graph* record_body(sf_stream* stream, int number) {
    sf_graph* body = nullptr;
    check_equal(sf_graph_begin(stream), static_cast<int>(SF_OK), "sf_graph_begin");
    note(stream, number);
    check_equal(sf_graph_end_body(stream, &body), static_cast<int>(SF_OK), "sf_graph_end_body");
    return body;
}

void check_ran(const std::vector<int>& expected, const std::string& what) {
    check(ran == expected, what + ": " + std::to_string(ran.size()) + " pieces of work ran");
    ran.clear();
}

void test_switch(sf_stream* stream) {
    std::vector<sf_graph*> bodies;
    for (int i = 0; i < kBodies; i++) bodies.push_back(record_body(stream, 10 + i));
    int value = 0;
    sf_graph* graph = nullptr;
    uint64_t condition = 0;
    check_equal(sf_graph_begin(stream), static_cast<int>(SF_OK), "sf_graph_begin");
    note(stream, 1);
    check_equal(sf_graph_condition(stream, &condition), static_cast<int>(SF_OK), "sf_graph_condition");
    choose(stream, condition, &value);
    check_equal(sf_graph_switch(stream, condition, bodies.data(), kBodies), static_cast<int>(SF_OK), "sf_graph_switch");
    note(stream, 2);
    check_equal(sf_graph_end(stream, &graph), static_cast<int>(SF_OK), "sf_graph_end");
    for (sf_graph* body : bodies) sf_graph_destroy(body);
    check_ran({}, "what is recorded does not run");
    for (int i = 0; i < kBodies; i++) {
        value = i;
        check_ok(stream, sf_graph_launch(stream, graph), "sf_graph_launch");
        check_ran({1, 10 + i, 2}, "body " + std::to_string(i));
        value = -1;
        check_ok(stream, sf_graph_launch(stream, graph), "sf_graph_launch");
        check_ran({1, 2}, "a launch in which nothing is chosen, after one of body " + std::to_string(i));
    }
    for (const int none : {kBodies, INT_MAX}) {
        value = none;
        check_ok(stream, sf_graph_launch(stream, graph), "sf_graph_launch");
        check_ran({1, 2}, "a value of no body");
    }
    sf_graph_destroy(graph);
}

void test_switch_refusals(sf_stream* stream) {
    sf_graph* body = record_body(stream, 0);
    sf_graph* graph = nullptr;
    uint64_t condition = 0;
    const auto refused = [&](int status, int expected, const char* operation, const char* what) {
        check_refused(stream, status, expected, operation, what);
    };
    refused(sf_graph_launch(stream, body), SF_INVALID_ARGUMENT, "sf_graph_launch", "a body");
    refused(sf_graph_condition(stream, &condition), SF_INVALID_ARGUMENT, "sf_graph_condition", "no recording");
    refused(sf_graph_switch(stream, 1, &body, 1), SF_INVALID_ARGUMENT, "sf_graph_switch", "no recording");

    /* A condition that no switch uses. */
    check_equal(sf_graph_begin(stream), static_cast<int>(SF_OK), "sf_graph_begin");
    check_equal(sf_graph_condition(stream, &condition), static_cast<int>(SF_OK), "sf_graph_condition");
    const uint64_t other = condition;
    refused(sf_graph_end(stream, &graph), SF_DEVICE_ERROR, "sf_graph_end", "a condition without a switch");

    check_equal(sf_graph_begin(stream), static_cast<int>(SF_OK), "sf_graph_begin");
    check_equal(sf_graph_condition(stream, &condition), static_cast<int>(SF_OK), "sf_graph_condition");
    sf_graph* const none = nullptr;
    refused(sf_graph_switch(stream, condition, &body, 0), SF_INVALID_ARGUMENT, "sf_graph_switch", "no bodies");
    refused(sf_graph_switch(stream, condition, nullptr, 1), SF_INVALID_ARGUMENT, "sf_graph_switch", "no array");
    refused(sf_graph_switch(stream, condition, &none, 1), SF_INVALID_ARGUMENT, "sf_graph_switch",
            "a body that is none");
    refused(sf_graph_switch(stream, other, &body, 1), SF_DEVICE_ERROR, "sf_graph_switch", "another graph's condition");
    check_equal(sf_graph_switch(stream, condition, &body, 1), static_cast<int>(SF_OK), "sf_graph_switch");
    refused(sf_graph_switch(stream, condition, &body, 1), SF_DEVICE_ERROR, "sf_graph_switch", "a condition twice");
    check_equal(sf_graph_end(stream, &graph), static_cast<int>(SF_OK), "sf_graph_end");

    /* The condition of a graph that does not run. */
    const int value = 0;
    choose(stream, condition, &value);
    check(sf_synchronize(stream) != SF_OK, "a condition that is set outside its graph");
    check(emulation::last_fault().find("a condition of no graph") != std::string::npos, emulation::last_fault());
    sf_graph_destroy(graph);
    sf_graph_destroy(body);
}

/* A graph that is made by hand, with a switch of one body that always runs. */
struct HandMade {
    cudaStream_t queue = nullptr;
    cudaGraph_t graph = nullptr;
    cudaGraph_t body = nullptr;
    cudaGraphConditionalHandle condition = 0;

    explicit HandMade(unsigned value = 0) {
        (void)cudaStreamCreateWithFlags(&queue, 0);
        (void)cudaStreamBeginCapture(queue, cudaStreamCaptureModeThreadLocal);
        cudaStreamCaptureStatus status = cudaStreamCaptureStatusNone;
        const cudaGraphNode_t* last = nullptr;
        const cudaGraphEdgeData* edges = nullptr;
        size_t count = 0;
        (void)cudaStreamGetCaptureInfo(queue, &status, nullptr, &graph, &last, &edges, &count);
        (void)cudaGraphConditionalHandleCreate(&condition, graph, value, cudaGraphCondAssignDefault);
        cudaGraphNodeParams parameters = {cudaGraphNodeTypeConditional,
                                          {condition, cudaGraphCondTypeSwitch, 1, nullptr}};
        cudaGraphNode_t node = nullptr;
        check_equal(static_cast<int>(cudaGraphAddNode(&node, graph, last, edges, count, &parameters)), 0, "a switch");
        body = parameters.conditional.phGraph_out[0];
        (void)cudaStreamUpdateCaptureDependencies(queue, &node, nullptr, 1, cudaStreamSetCaptureDependencies);
    }
    HandMade(const HandMade&) = delete;
    HandMade& operator=(const HandMade&) = delete;
    ~HandMade() {
        (void)cudaGraphDestroy(graph);
        (void)cudaStreamDestroy(queue);
    }

    /* Puts what `record` enqueues on another queue into the body. */
    template <typename Record>
    cudaError_t put(const Record& record) {
        cudaStream_t second = nullptr;
        (void)cudaStreamCreateWithFlags(&second, 0);
        (void)cudaStreamBeginCapture(second, cudaStreamCaptureModeThreadLocal);
        record(second);
        cudaGraph_t child = nullptr;
        (void)cudaStreamEndCapture(second, &child);
        cudaGraphNode_t inner = nullptr;
        const cudaError_t code = cudaGraphAddChildGraphNode(&inner, body, nullptr, 0, child);
        (void)cudaGraphDestroy(child);
        (void)cudaStreamDestroy(second);
        return code;
    }

    void end() { (void)cudaStreamEndCapture(queue, &graph); }
};

void waits(int) { wait_for_earlier_kernels(); }

/* Only behind a kernel can a kernel begin early. */
void test_early_launches() {
    HandMade made;
    const auto launch = [&](bool early) {
        return static_cast<int>(launch_kernel(made.queue, "kernel", dim3(1), 32, 0, early, waits, 0));
    };
    check_equal(launch(true), 1, "an early launch behind a switch");
    check_equal(launch(false), 0, "a launch behind a switch");
    check_equal(launch(true), 0, "an early launch behind a kernel");
    made.end();
}

/* What CUDA has and the backend does not need is refused, as is what CUDA does not have. */
void test_more_refusals() {
    HandMade made;
    cudaGraphConditionalHandle handle = 0;
    check(cudaGraphConditionalHandleCreate(&handle, made.body, 0, 0) != cudaSuccess, "a condition of a body");
    cudaGraphNode_t node = nullptr;
    cudaGraphNodeParams parameters = {cudaGraphNodeTypeConditional,
                                      {made.condition, cudaGraphCondTypeSwitch, 1, nullptr}};
    check(cudaGraphAddNode(&node, made.body, nullptr, nullptr, 0, &parameters) != cudaSuccess, "a switch in a body");
    int from = 0, device = 0;
    const auto copy = [&](const int* source) {
        return static_cast<int>(made.put([&](cudaStream_t queue) {
            (void)cudaMemcpyAsync(&device, source, sizeof(int), cudaMemcpyHostToDevice, queue);
        }));
    };
    void* pinned = nullptr;
    (void)cudaHostAlloc(&pinned, sizeof(int), 0);
    check_equal(copy(&from), 1, "a copy of pageable memory in a body");
    check_equal(copy(static_cast<int*>(pinned)), 0, "a copy of pinned memory in a body");
    (void)cudaFreeHost(pinned);
    made.end();
    cudaGraphExec_t first = nullptr, second = nullptr;
    check_equal(static_cast<int>(cudaGraphInstantiate(&first, made.graph, 0)), 0, "cudaGraphInstantiate");
    check_equal(static_cast<int>(cudaGraphInstantiate(&second, made.graph, 0)), 1, "a second executable graph");
    (void)cudaGraphExecDestroy(first);
    check_equal(static_cast<int>(cudaGraphInstantiate(&second, made.graph, 0)), 0, "one behind another");
    (void)cudaGraphExecDestroy(second);
}

/* A condition does not outlive the graph that it was made for: an executable one may not be all that is left. */
void test_destroyed_graph() {
    HandMade made;
    (void)emulation::launch(made.queue, "choose", dim3(1), 32, [&] {
        if (threadIdx.x == 0) set_condition(made.condition, 0);
    });
    made.end();
    cudaGraphExec_t executable = nullptr;
    check_equal(static_cast<int>(cudaGraphInstantiate(&executable, made.graph, 0)), 0, "cudaGraphInstantiate");
    (void)cudaGraphLaunch(executable, made.queue);
    check_equal(static_cast<int>(cudaStreamSynchronize(made.queue)), 0, "a launch before the graph is destroyed");
    (void)cudaGraphDestroy(made.graph);
    made.graph = nullptr;
    (void)cudaGraphLaunch(executable, made.queue);
    check(cudaStreamSynchronize(made.queue) != cudaSuccess, "a launch after the graph is destroyed");
    check(emulation::last_fault().find("a graph that is destroyed") != std::string::npos, emulation::last_fault());
    (void)cudaGraphExecDestroy(executable);
}

/* What a body copies to the host is not there before the host waits; a body that does not run copies nothing. */
void test_copies_of_bodies() {
    for (const unsigned chosen : {0u, 1u}) {
        HandMade made(chosen);
        const int device = 7;
        void* pinned = nullptr;
        (void)cudaHostAlloc(&pinned, sizeof(int), 0);
        int* host = static_cast<int*>(pinned);
        *host = 5;
        check_equal(static_cast<int>(made.put([&](cudaStream_t queue) {
                        (void)cudaMemcpyAsync(host, &device, sizeof(int), cudaMemcpyDeviceToHost, queue);
                    })),
                    0, "a copy in a body");
        made.end();
        cudaGraphExec_t executable = nullptr;
        (void)cudaGraphInstantiate(&executable, made.graph, 0);
        int early = 0;
        for (int i = 0; i < 100; i++) {
            (void)cudaGraphLaunch(executable, made.queue);
            if (*host != -1) early++;
            check_equal(static_cast<int>(cudaStreamSynchronize(made.queue)), 0, "cudaStreamSynchronize");
            check_equal(*host, chosen == 0 ? 7 : 5, "what a body copied to the host, or did not");
        }
        check(early < 50, "most copies are not there before the host waits: " + std::to_string(early) + " of 100 are");
        (void)cudaGraphExecDestroy(executable);
        (void)cudaFreeHost(pinned);
    }
}

/* What the C API does not let a caller do. */
void test_runtime() {
    cudaStream_t queue = nullptr;
    cudaEvent_t event = nullptr;
    (void)cudaStreamCreateWithFlags(&queue, 0);
    (void)cudaEventCreate(&event);
    const auto append = [&](int number) {
        (void)queue->take([=] {
            ran.push_back(number);
            return cudaSuccess;
        });
    };
    (void)cudaStreamBeginCapture(queue, cudaStreamCaptureModeThreadLocal);
    (void)cudaEventRecord(event, queue);
    cudaGraph_t with_event = nullptr;
    (void)cudaStreamEndCapture(queue, &with_event);

    (void)cudaStreamBeginCapture(queue, cudaStreamCaptureModeThreadLocal);
    append(1);
    cudaStreamCaptureStatus status = cudaStreamCaptureStatusNone;
    cudaGraph_t graph = nullptr;
    const cudaGraphNode_t* last = nullptr;
    const cudaGraphEdgeData* edges = nullptr;
    size_t count = 0;
    (void)cudaStreamGetCaptureInfo(queue, &status, nullptr, &graph, &last, &edges, &count);
    check_equal(static_cast<int>(status), static_cast<int>(cudaStreamCaptureStatusActive), "the capture's status");
    check_equal(count, size_t{1}, "what the next node follows");
    cudaGraphConditionalHandle handle = 0;
    check_equal(static_cast<int>(cudaGraphConditionalHandleCreate(&handle, graph, 0, 2)), 1, "unknown flags");
    check_equal(static_cast<int>(cudaGraphConditionalHandleCreate(&handle, graph, 0, cudaGraphCondAssignDefault)), 0,
                "a condition");
    cudaGraphNodeParams parameters = {cudaGraphNodeTypeConditional, {handle, cudaGraphCondTypeSwitch, 0, nullptr}};
    cudaGraphNode_t node = nullptr;
    check_equal(static_cast<int>(cudaGraphAddNode(&node, graph, last, edges, count, &parameters)), 1, "no bodies");
    parameters.conditional.size = 1;
    check_equal(static_cast<int>(cudaGraphAddNode(&node, graph, last, edges, count, &parameters)), 0, "a switch");
    cudaGraphNode_t inner = nullptr;
    const cudaGraph_t body = parameters.conditional.phGraph_out[0];
    check_equal(static_cast<int>(cudaGraphAddChildGraphNode(&inner, body, nullptr, 0, with_event)), 1,
                "an event in a body");
    CUgraph_st* child = nullptr;
    cudaStream_t second = nullptr;
    (void)cudaStreamCreateWithFlags(&second, 0);
    (void)cudaStreamBeginCapture(second, cudaStreamCaptureModeThreadLocal);
    (void)second->take([] {
        ran.push_back(10);
        return cudaSuccess;
    });
    (void)cudaStreamEndCapture(second, &child);
    check_equal(static_cast<int>(cudaGraphAddChildGraphNode(&inner, body, nullptr, 0, child)), 0, "a body's work");
    check_equal(static_cast<int>(cudaGraphAddChildGraphNode(&inner, body, nullptr, 0, graph)), 1,
                "conditions in a child graph");
    /* The stream was not told of the switch: what is recorded now may run at the same time, here before it. */
    append(2);
    (void)cudaStreamEndCapture(queue, &graph);
    cudaGraphExec_t executable = nullptr;
    check_equal(static_cast<int>(cudaGraphInstantiate(&executable, graph, 0)), 0, "cudaGraphInstantiate");
    (void)cudaGraphLaunch(executable, queue);
    check_equal(static_cast<int>(cudaStreamSynchronize(queue)), 0, "cudaStreamSynchronize");
    check_ran({1, 2, 10}, "work that does not follow the switch");
    (void)cudaGraphExecDestroy(executable);
    for (const cudaGraph_t made : {graph, child, with_event}) (void)cudaGraphDestroy(made);
    (void)cudaEventDestroy(event);
    (void)cudaStreamDestroy(second);
    (void)cudaStreamDestroy(queue);
}

void test_versions(sf_stream* stream) {
    for (const int version : {12000, 12040, 12080, 13000}) {
        emulation::set_version(version);
        check_equal(sf_graph_can_switch(stream), version >= 12080 ? 1 : 0,
                    "switches of CUDA " + std::to_string(version));
    }
    check_equal(sf_graph_can_switch(nullptr), 0, "switches without a stream");
}

}  // namespace

void test_graphs() {
    sf_stream* stream = nullptr;
    check_equal(sf_stream_create(sf_cuda_backend(), 0, 0, 0, &stream), static_cast<int>(SF_OK), "sf_stream_create");
    test_switch(stream);
    test_versions(stream);
    test_runtime();
    test_early_launches();
    test_more_refusals();
    test_copies_of_bodies();
    test_destroyed_graph();
    test_switch_refusals(stream);
    sf_stream_destroy(stream);
}
