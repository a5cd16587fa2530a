/** gRPC: the Open Inference Protocol's service. */
package org.scanformer.server.grpc;
