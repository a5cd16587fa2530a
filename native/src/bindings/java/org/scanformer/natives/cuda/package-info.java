/**
 * The CUDA backend's table and what only CUDA has, as a Java class. Its library is loaded only
 * where devices are asked for. Not for use by applications.
 */
package org.scanformer.natives.cuda;
