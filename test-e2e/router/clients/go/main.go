// Go's database/sql with go-sql-driver: pools, prepared statements, transactions, many goroutines.
package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"sync"

	"github.com/go-sql-driver/mysql"
)

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func expect(ok bool, what string, values ...any) {
	if !ok {
		panic(fmt.Sprintf("%s: %v", what, values))
	}
}

func main() {
	config := mysql.NewConfig()
	config.Net, config.Addr = "tcp", os.Args[1]+":"+os.Args[2]
	config.User, config.Passwd, config.DBName = os.Args[3], os.Args[4], os.Args[5]
	config.ParseTime = true
	config.ClientFoundRows = true
	db, err := sql.Open("mysql", config.FormatDSN())
	check(err)
	defer db.Close()
	db.SetMaxOpenConns(8)
	ctx := context.Background()
	check(db.PingContext(ctx))

	for _, statement := range []string{
		"CREATE TABLE users (id BIGINT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(40) NOT NULL, seen DATETIME(6), photo BLOB)",
		"CREATE TABLE orders (user_id BIGINT NOT NULL, number INT NOT NULL, total DECIMAL(10,2), PRIMARY KEY (user_id, number))",
	} {
		_, err = db.ExecContext(ctx, statement)
		check(err)
	}

	insert, err := db.PrepareContext(ctx, "INSERT INTO users (name, seen, photo) VALUES (?, NOW(6), ?)")
	check(err)
	var ids sync.Map
	var group sync.WaitGroup
	for worker := range 8 {
		group.Add(1)
		go func() {
			defer group.Done()
			for index := range 20 {
				result, err := insert.ExecContext(ctx, fmt.Sprintf("user %d/%d", worker, index), []byte{0, byte(index), 255})
				check(err)
				id, err := result.LastInsertId()
				check(err)
				_, isThere := ids.LoadOrStore(id, worker)
				expect(!isThere, "an id came twice", id)
			}
		}()
	}
	group.Wait()
	check(insert.Close())

	var count int
	check(db.QueryRowContext(ctx, "SELECT COUNT(*) FROM users").Scan(&count))
	expect(count == 160, "users", count)

	var chosen int64
	ids.Range(func(key, _ any) bool { chosen = key.(int64); return false })
	transaction, err := db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	check(err)
	for number := range 3 {
		_, err = transaction.ExecContext(ctx, "INSERT INTO orders VALUES (?, ?, ?)", chosen, number, "12.50")
		check(err)
	}
	check(transaction.Commit())
	transaction, err = db.BeginTx(ctx, nil)
	check(err)
	_, err = transaction.ExecContext(ctx, "DELETE FROM orders WHERE user_id = ?", chosen)
	check(err)
	check(transaction.Rollback())

	rows, err := db.QueryContext(ctx, "SELECT u.name, o.number, o.total, u.photo, u.seen FROM users u JOIN orders o ON o.user_id = u.id WHERE u.id = ? ORDER BY o.number", chosen)
	check(err)
	found := 0
	for rows.Next() {
		var name, total string
		var number int
		var photo []byte
		var seen sql.NullTime
		check(rows.Scan(&name, &number, &total, &photo, &seen))
		expect(number == found && total == "12.50" && len(photo) == 3 && photo[2] == 255 && seen.Valid, "row", name, number, total)
		found++
	}
	check(rows.Err())
	expect(found == 3, "orders", found)

	result, err := db.ExecContext(ctx, "UPDATE orders SET total = 12.50 WHERE user_id = ?", chosen)
	check(err)
	affected, err := result.RowsAffected()
	check(err)
	expect(affected == 3, "found rows", affected)

	_, err = db.ExecContext(ctx, "INSERT INTO orders VALUES (?, 0, 1)", chosen)
	var refused *mysql.MySQLError
	expect(err != nil && asMySQL(err, &refused) && refused.Number == 1062, "a duplicate", err)
	fmt.Println("ok")
}

func asMySQL(err error, target **mysql.MySQLError) bool {
	found, ok := err.(*mysql.MySQLError)
	*target = found
	return ok
}
