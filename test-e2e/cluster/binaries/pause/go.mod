module shardwright.io/test-e2e/pause

go 1.24.6
