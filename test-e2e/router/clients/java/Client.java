// JDBC with MariaDB Connector/J: batches, generated keys, metadata, transactions.
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

public class Client {
  static void expect(boolean ok, String what) {
    if (!ok) {
      throw new IllegalStateException(what);
    }
  }

  public static void main(String[] arguments) throws Exception {
    String url = "jdbc:mariadb://" + arguments[0] + ":" + arguments[1] + "/" + arguments[4] + "?allowMultiQueries=true" + (arguments.length > 5 ? "&" + arguments[5] : "");
    try (Connection connection = DriverManager.getConnection(url, arguments[2], arguments[3])) {
      try (Statement statement = connection.createStatement()) {
        statement.execute("CREATE TABLE IF NOT EXISTS users (id BIGINT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(40) NOT NULL)");
        statement.execute("CREATE TABLE IF NOT EXISTS orders (user_id BIGINT NOT NULL, number INT NOT NULL, total DECIMAL(10,2), PRIMARY KEY (user_id, number))");
      }
      List<Long> ids = new ArrayList<>();
      try (PreparedStatement insert = connection.prepareStatement("INSERT INTO users (name) VALUES (?)", Statement.RETURN_GENERATED_KEYS)) {
        for (int index = 0; index < 12; index++) {
          insert.setString(1, "user " + index);
          insert.executeUpdate();
          try (ResultSet keys = insert.getGeneratedKeys()) {
            expect(keys.next(), "a generated key");
            ids.add(keys.getLong(1));
          }
        }
      }
      expect(ids.stream().distinct().count() == 12, "ids are unique");

      connection.setAutoCommit(false);
      connection.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
      try (PreparedStatement insert = connection.prepareStatement("INSERT INTO orders VALUES (?, ?, ?)")) {
        for (int number = 0; number < 5; number++) {
          insert.setLong(1, ids.get(0));
          insert.setInt(2, number);
          insert.setBigDecimal(3, new java.math.BigDecimal("9.99"));
          insert.addBatch();
        }
        for (int done : insert.executeBatch()) {
          expect(done == 1 || done == Statement.SUCCESS_NO_INFO, "a batch");
        }
      }
      connection.commit();
      try (Statement statement = connection.createStatement()) {
        statement.executeUpdate("DELETE FROM orders WHERE user_id = " + ids.get(0));
      }
      connection.rollback();
      connection.setAutoCommit(true);

      try (PreparedStatement select = connection.prepareStatement("SELECT u.name, SUM(o.total), COUNT(*) FROM users u JOIN orders o ON o.user_id = u.id WHERE u.id = ? GROUP BY u.name")) {
        select.setLong(1, ids.get(0));
        try (ResultSet rows = select.executeQuery()) {
          expect(rows.next() && rows.getString(1).equals("user 0") && rows.getInt(3) == 5, "the sum of one user");
          expect(rows.getBigDecimal(2).toPlainString().equals("49.95"), "an exact sum");
        }
      }
      try (Statement statement = connection.createStatement(); ResultSet rows = statement.executeQuery("SELECT COUNT(*), MAX(name) FROM users")) {
        expect(rows.next() && rows.getInt(1) == 12 && rows.getString(2).equals("user 9"), "counts of all slots");
      }
      try (ResultSet tables = connection.getMetaData().getTables(arguments[4], null, "%", new String[] {"TABLE"})) {
        List<String> names = new ArrayList<>();
        while (tables.next()) {
          names.add(tables.getString("TABLE_NAME"));
        }
        expect(names.equals(List.of("orders", "users")), "tables " + names);
      }
      try (ResultSet columns = connection.getMetaData().getColumns(arguments[4], null, "orders", "%")) {
        List<String> names = new ArrayList<>();
        while (columns.next()) {
          names.add(columns.getString("COLUMN_NAME"));
        }
        expect(names.equals(List.of("user_id", "number", "total")), "columns " + names);
      }
      try (ResultSet keys = connection.getMetaData().getPrimaryKeys(arguments[4], null, "orders")) {
        expect(keys.next(), "a primary key");
      }
      try (Statement statement = connection.createStatement()) {
        statement.executeUpdate("INSERT INTO orders VALUES (" + ids.get(0) + ", 0, 1)");
        expect(false, "a duplicate");
      } catch (SQLException error) {
        expect(error.getErrorCode() == 1062, "the number of the error " + error.getErrorCode());
      }
    }
    System.out.println("ok");
  }
}
