/**
 * The Open Inference Protocol, version 2, apart from how it is transported: tensors, and what a
 * model makes of them.
 */
package org.scanformer.server.oip;
