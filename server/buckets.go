package main

// The object stores that BLOB_URL may name besides folders.
import _ "gocloud.dev/blob/s3blob"
