/** Asks models about many pictures on a cluster of Apache Spark. */
package org.scanformer.spark;
