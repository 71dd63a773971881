// TPC-H's 22 queries in SQL that Trino and DuckDB both read.
//
// They are the specification's, with these differences, so that two engines can be compared row by
// row: where ORDER BY leaves ties, the key is added to it; and where Trino rounds an average of
// decimals to the decimals of its argument, `peerSQL` says so to the peer, which gives a double.

import Simulation

/// One query with its parameters in place.
package struct TPCHQuery: Sendable {
  /// 1 to 22.
  package let number: Int
  /// Trino's SQL over the eight tables by name.
  package let sql: String
  /// The same question in DuckDB's SQL.
  package let peerSQL: String

  /// Names of the tables that all queries read.
  package static let tables = [
    "customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier",
  ]

  /// All 22, with parameters drawn from `seed`. `scale` is the scale factor: Q11's fraction and Q18's
  /// quantity depend on it.
  package static func drawn(seed: UInt64, scale: Double) -> [TPCHQuery] {
    (1...22).map { number in
      var parameters = TPCHParameters(seed: seed, query: number)
      let sql = text(number, &parameters, scale)
      return TPCHQuery(number: number, sql: sql, peerSQL: peer(number, sql))
    }
  }

  private static func peer(_ number: Int, _ sql: String) -> String {
    switch number {
    case 17: sql.replacing("0.2 * avg(l_quantity)", with: "0.2 * avg(l_quantity)::decimal(15, 2)")
    case 22: sql.replacing("SELECT avg(c_acctbal)", with: "SELECT avg(c_acctbal)::decimal(15, 2)")
    default: sql
    }
  }

  private static func text(_ number: Int, _ draw: inout TPCHParameters, _ scale: Double) -> String {
    switch number {
    case 1...4: firstQueries(number, &draw)
    case 5...8: nationQueries(number, &draw)
    case 9...13: groupQueries(number, &draw, scale)
    case 14...18: partQueries(number, &draw, scale)
    default: lastQueries(number, &draw)
    }
  }

  private static func firstQueries(_ number: Int, _ draw: inout TPCHParameters) -> String {
    switch number {
    case 1:
      return """
        SELECT l_returnflag, l_linestatus, sum(l_quantity) AS sum_qty,
          sum(l_extendedprice) AS sum_base_price,
          sum(l_extendedprice * (1 - l_discount)) AS sum_disc_price,
          sum(l_extendedprice * (1 - l_discount) * (1 + l_tax)) AS sum_charge,
          avg(l_quantity) AS avg_qty, avg(l_extendedprice) AS avg_price,
          avg(l_discount) AS avg_disc, count(*) AS count_order
        FROM lineitem
        WHERE l_shipdate <= DATE '1998-12-01' - INTERVAL '\(draw.number(60...120))' DAY
        GROUP BY l_returnflag, l_linestatus
        ORDER BY l_returnflag, l_linestatus
        """
    case 2:
      let size = draw.number(1...50)
      let type = draw.one(of: ["TIN", "NICKEL", "BRASS", "STEEL", "COPPER"])
      let region = draw.one(of: TPCHParameters.regions)
      return """
        SELECT s_acctbal, s_name, n_name, p_partkey, p_mfgr, s_address, s_phone, s_comment
        FROM part, supplier, partsupp, nation, region
        WHERE p_partkey = ps_partkey AND s_suppkey = ps_suppkey AND p_size = \(size)
          AND p_type LIKE '%\(type)' AND s_nationkey = n_nationkey AND n_regionkey = r_regionkey
          AND r_name = '\(region)'
          AND ps_supplycost = (
            SELECT min(ps_supplycost) FROM partsupp, supplier, nation, region
            WHERE p_partkey = ps_partkey AND s_suppkey = ps_suppkey
              AND s_nationkey = n_nationkey AND n_regionkey = r_regionkey AND r_name = '\(region)')
        ORDER BY s_acctbal DESC, n_name, s_name, p_partkey
        LIMIT 100
        """
    case 3:
      let segment = draw.one(of: TPCHParameters.segments)
      let day = draw.number(1...31)
      let date = "1995-03-\(day < 10 ? "0" : "")\(day)"
      return """
        SELECT l_orderkey, sum(l_extendedprice * (1 - l_discount)) AS revenue, o_orderdate,
          o_shippriority
        FROM customer, orders, lineitem
        WHERE c_mktsegment = '\(segment)' AND c_custkey = o_custkey AND l_orderkey = o_orderkey
          AND o_orderdate < DATE '\(date)' AND l_shipdate > DATE '\(date)'
        GROUP BY l_orderkey, o_orderdate, o_shippriority
        ORDER BY revenue DESC, o_orderdate, l_orderkey
        LIMIT 10
        """
    default:
      let date = draw.month(0...57)
      return """
        SELECT o_orderpriority, count(*) AS order_count
        FROM orders
        WHERE o_orderdate >= DATE '\(date)' AND o_orderdate < DATE '\(date)' + INTERVAL '3' MONTH
          AND EXISTS (SELECT * FROM lineitem
            WHERE l_orderkey = o_orderkey AND l_commitdate < l_receiptdate)
        GROUP BY o_orderpriority
        ORDER BY o_orderpriority
        """
    }
  }

  private static func nationQueries(_ number: Int, _ draw: inout TPCHParameters) -> String {
    switch number {
    case 5:
      let region = draw.one(of: TPCHParameters.regions)
      let date = draw.year(1993...1997)
      return """
        SELECT n_name, sum(l_extendedprice * (1 - l_discount)) AS revenue
        FROM customer, orders, lineitem, supplier, nation, region
        WHERE c_custkey = o_custkey AND l_orderkey = o_orderkey AND l_suppkey = s_suppkey
          AND c_nationkey = s_nationkey AND s_nationkey = n_nationkey
          AND n_regionkey = r_regionkey AND r_name = '\(region)'
          AND o_orderdate >= DATE '\(date)' AND o_orderdate < DATE '\(date)' + INTERVAL '1' YEAR
        GROUP BY n_name
        ORDER BY revenue DESC, n_name
        """
    case 6:
      let date = draw.year(1993...1997)
      let discount = "0.0\(draw.number(2...9))"
      return """
        SELECT sum(l_extendedprice * l_discount) AS revenue
        FROM lineitem
        WHERE l_shipdate >= DATE '\(date)' AND l_shipdate < DATE '\(date)' + INTERVAL '1' YEAR
          AND l_discount BETWEEN \(discount) - 0.01 AND \(discount) + 0.01
          AND l_quantity < \(draw.number(24...25))
        """
    case 7:
      let nations = draw.some(2, of: TPCHParameters.nations)
      return """
        SELECT supp_nation, cust_nation, l_year, sum(volume) AS revenue
        FROM (
          SELECT n1.n_name AS supp_nation, n2.n_name AS cust_nation,
            extract(YEAR FROM l_shipdate) AS l_year, l_extendedprice * (1 - l_discount) AS volume
          FROM supplier, lineitem, orders, customer, nation n1, nation n2
          WHERE s_suppkey = l_suppkey AND o_orderkey = l_orderkey AND c_custkey = o_custkey
            AND s_nationkey = n1.n_nationkey AND c_nationkey = n2.n_nationkey
            AND ((n1.n_name = '\(nations[0])' AND n2.n_name = '\(nations[1])')
              OR (n1.n_name = '\(nations[1])' AND n2.n_name = '\(nations[0])'))
            AND l_shipdate BETWEEN DATE '1995-01-01' AND DATE '1996-12-31') AS shipping
        GROUP BY supp_nation, cust_nation, l_year
        ORDER BY supp_nation, cust_nation, l_year
        """
    default:
      let nation = draw.one(of: TPCHParameters.nations)
      let type = draw.one(of: TPCHParameters.types)
      return """
        SELECT o_year, sum(CASE WHEN nation = '\(nation)' THEN volume ELSE 0 END) / sum(volume)
          AS mkt_share
        FROM (
          SELECT extract(YEAR FROM o_orderdate) AS o_year,
            l_extendedprice * (1 - l_discount) AS volume, n2.n_name AS nation
          FROM part, supplier, lineitem, orders, customer, nation n1, nation n2, region
          WHERE p_partkey = l_partkey AND s_suppkey = l_suppkey AND l_orderkey = o_orderkey
            AND o_custkey = c_custkey AND c_nationkey = n1.n_nationkey
            AND n1.n_regionkey = r_regionkey
            AND r_name = '\(TPCHParameters.region(ofNation: nation))'
            AND s_nationkey = n2.n_nationkey
            AND o_orderdate BETWEEN DATE '1995-01-01' AND DATE '1996-12-31'
            AND p_type = '\(type)') AS all_nations
        GROUP BY o_year
        ORDER BY o_year
        """
    }
  }

  private static func groupQueries(
    _ number: Int, _ draw: inout TPCHParameters, _ scale: Double
  ) -> String {
    switch number {
    case 9:
      return """
        SELECT nation, o_year, sum(amount) AS sum_profit
        FROM (
          SELECT n_name AS nation, extract(YEAR FROM o_orderdate) AS o_year,
            l_extendedprice * (1 - l_discount) - ps_supplycost * l_quantity AS amount
          FROM part, supplier, lineitem, partsupp, orders, nation
          WHERE s_suppkey = l_suppkey AND ps_suppkey = l_suppkey AND ps_partkey = l_partkey
            AND p_partkey = l_partkey AND o_orderkey = l_orderkey AND s_nationkey = n_nationkey
            AND p_name LIKE '%\(draw.one(of: TPCHParameters.colors))%') AS profit
        GROUP BY nation, o_year
        ORDER BY nation, o_year DESC
        """
    case 10:
      let date = draw.month(1...24)
      return """
        SELECT c_custkey, c_name, sum(l_extendedprice * (1 - l_discount)) AS revenue, c_acctbal,
          n_name, c_address, c_phone, c_comment
        FROM customer, orders, lineitem, nation
        WHERE c_custkey = o_custkey AND l_orderkey = o_orderkey
          AND o_orderdate >= DATE '\(date)' AND o_orderdate < DATE '\(date)' + INTERVAL '3' MONTH
          AND l_returnflag = 'R' AND c_nationkey = n_nationkey
        GROUP BY c_custkey, c_name, c_acctbal, c_phone, n_name, c_address, c_comment
        ORDER BY revenue DESC, c_custkey
        LIMIT 20
        """
    case 11:
      let nation = draw.one(of: TPCHParameters.nations)
      // 0.0001 / scale, as an exact decimal.
      let fraction = scale >= 1 ? "0.0001" : scale >= 0.1 ? "0.001" : "0.01"
      return """
        SELECT ps_partkey, sum(ps_supplycost * ps_availqty) AS value
        FROM partsupp, supplier, nation
        WHERE ps_suppkey = s_suppkey AND s_nationkey = n_nationkey AND n_name = '\(nation)'
        GROUP BY ps_partkey
        HAVING sum(ps_supplycost * ps_availqty) > (
          SELECT sum(ps_supplycost * ps_availqty) * \(fraction)
          FROM partsupp, supplier, nation
          WHERE ps_suppkey = s_suppkey AND s_nationkey = n_nationkey AND n_name = '\(nation)')
        ORDER BY value DESC, ps_partkey
        """
    case 12:
      let modes = draw.some(2, of: TPCHParameters.shipModes)
      let date = draw.year(1993...1997)
      return """
        SELECT l_shipmode,
          sum(CASE WHEN o_orderpriority = '1-URGENT' OR o_orderpriority = '2-HIGH'
            THEN 1 ELSE 0 END) AS high_line_count,
          sum(CASE WHEN o_orderpriority <> '1-URGENT' AND o_orderpriority <> '2-HIGH'
            THEN 1 ELSE 0 END) AS low_line_count
        FROM orders, lineitem
        WHERE o_orderkey = l_orderkey AND l_shipmode IN ('\(modes[0])', '\(modes[1])')
          AND l_commitdate < l_receiptdate AND l_shipdate < l_commitdate
          AND l_receiptdate >= DATE '\(date)' AND l_receiptdate < DATE '\(date)' + INTERVAL '1' YEAR
        GROUP BY l_shipmode
        ORDER BY l_shipmode
        """
    default:
      let first = draw.one(of: ["special", "pending", "unusual", "express"])
      let second = draw.one(of: ["packages", "requests", "accounts", "deposits"])
      return """
        SELECT c_count, count(*) AS custdist
        FROM (
          SELECT c_custkey, count(o_orderkey) AS c_count
          FROM customer LEFT OUTER JOIN orders
            ON c_custkey = o_custkey AND o_comment NOT LIKE '%\(first)%\(second)%'
          GROUP BY c_custkey) AS c_orders
        GROUP BY c_count
        ORDER BY custdist DESC, c_count DESC
        """
    }
  }

  private static func partQueries(
    _ number: Int, _ draw: inout TPCHParameters, _ scale: Double
  ) -> String {
    switch number {
    case 14:
      let date = draw.month(0...59)
      return """
        SELECT 100.00 * sum(CASE WHEN p_type LIKE 'PROMO%'
            THEN l_extendedprice * (1 - l_discount) ELSE 0 END)
          / sum(l_extendedprice * (1 - l_discount)) AS promo_revenue
        FROM lineitem, part
        WHERE l_partkey = p_partkey AND l_shipdate >= DATE '\(date)'
          AND l_shipdate < DATE '\(date)' + INTERVAL '1' MONTH
        """
    case 15:
      let date = draw.month(0...57)
      return """
        WITH revenue AS (
          SELECT l_suppkey AS supplier_no, sum(l_extendedprice * (1 - l_discount)) AS total_revenue
          FROM lineitem
          WHERE l_shipdate >= DATE '\(date)' AND l_shipdate < DATE '\(date)' + INTERVAL '3' MONTH
          GROUP BY l_suppkey)
        SELECT s_suppkey, s_name, s_address, s_phone, total_revenue
        FROM supplier, revenue
        WHERE s_suppkey = supplier_no
          AND total_revenue = (SELECT max(total_revenue) FROM revenue)
        ORDER BY s_suppkey
        """
    case 16:
      let type = draw.one(of: TPCHParameters.types).split(separator: " ").prefix(2)
        .joined(separator: " ")
      let sizes = draw.some(8, of: (1...50).map(String.init)).joined(separator: ", ")
      return """
        SELECT p_brand, p_type, p_size, count(DISTINCT ps_suppkey) AS supplier_cnt
        FROM partsupp, part
        WHERE p_partkey = ps_partkey AND p_brand <> '\(draw.brand())'
          AND p_type NOT LIKE '\(type)%' AND p_size IN (\(sizes))
          AND ps_suppkey NOT IN (SELECT s_suppkey FROM supplier
            WHERE s_comment LIKE '%Customer%Complaints%')
        GROUP BY p_brand, p_type, p_size
        ORDER BY supplier_cnt DESC, p_brand, p_type, p_size
        """
    case 17:
      return """
        SELECT sum(l_extendedprice) / 7.0 AS avg_yearly
        FROM lineitem, part
        WHERE p_partkey = l_partkey AND p_brand = '\(draw.brand())'
          AND p_container = '\(draw.one(of: TPCHParameters.containers))'
          AND l_quantity < (SELECT 0.2 * avg(l_quantity) FROM lineitem
            WHERE l_partkey = p_partkey)
        """
    default:
      // Small tables have few large orders: a lower bar keeps the answer from being empty.
      let quantity = draw.number(312...315) - (scale < 1 ? 60 : 0)
      return """
        SELECT c_name, c_custkey, o_orderkey, o_orderdate, o_totalprice, sum(l_quantity)
        FROM customer, orders, lineitem
        WHERE o_orderkey IN (SELECT l_orderkey FROM lineitem
            GROUP BY l_orderkey HAVING sum(l_quantity) > \(quantity))
          AND c_custkey = o_custkey AND o_orderkey = l_orderkey
        GROUP BY c_name, c_custkey, o_orderkey, o_orderdate, o_totalprice
        ORDER BY o_totalprice DESC, o_orderdate, o_orderkey
        LIMIT 100
        """
    }
  }

  private static func lastQueries(_ number: Int, _ draw: inout TPCHParameters) -> String {
    switch number {
    case 19:
      func branch(_ containers: String, _ quantities: ClosedRange<Int>, _ size: Int) -> String {
        let quantity = draw.number(quantities)
        return """
          (p_partkey = l_partkey AND p_brand = '\(draw.brand())' AND p_container IN (\(containers))
            AND l_quantity >= \(quantity) AND l_quantity <= \(quantity) + 10
            AND p_size BETWEEN 1 AND \(size) AND l_shipmode IN ('AIR', 'AIR REG')
            AND l_shipinstruct = 'DELIVER IN PERSON')
          """
      }
      let branches = [
        branch("'SM CASE', 'SM BOX', 'SM PACK', 'SM PKG'", 1...10, 5),
        branch("'MED BAG', 'MED BOX', 'MED PKG', 'MED PACK'", 10...20, 10),
        branch("'LG CASE', 'LG BOX', 'LG PACK', 'LG PKG'", 20...30, 15),
      ]
      return """
        SELECT sum(l_extendedprice * (1 - l_discount)) AS revenue
        FROM lineitem, part
        WHERE \(branches.joined(separator: "\n  OR "))
        """
    case 20:
      let color = draw.one(of: TPCHParameters.colors)
      let date = draw.year(1993...1997)
      return """
        SELECT s_name, s_address
        FROM supplier, nation
        WHERE s_suppkey IN (
            SELECT ps_suppkey FROM partsupp
            WHERE ps_partkey IN (SELECT p_partkey FROM part WHERE p_name LIKE '\(color)%')
              AND ps_availqty > (
                SELECT 0.5 * sum(l_quantity) FROM lineitem
                WHERE l_partkey = ps_partkey AND l_suppkey = ps_suppkey
                  AND l_shipdate >= DATE '\(date)'
                  AND l_shipdate < DATE '\(date)' + INTERVAL '1' YEAR))
          AND s_nationkey = n_nationkey AND n_name = '\(draw.one(of: TPCHParameters.nations))'
        ORDER BY s_name
        """
    case 21:
      return """
        SELECT s_name, count(*) AS numwait
        FROM supplier, lineitem l1, orders, nation
        WHERE s_suppkey = l1.l_suppkey AND o_orderkey = l1.l_orderkey AND o_orderstatus = 'F'
          AND l1.l_receiptdate > l1.l_commitdate
          AND EXISTS (SELECT * FROM lineitem l2
            WHERE l2.l_orderkey = l1.l_orderkey AND l2.l_suppkey <> l1.l_suppkey)
          AND NOT EXISTS (SELECT * FROM lineitem l3
            WHERE l3.l_orderkey = l1.l_orderkey AND l3.l_suppkey <> l1.l_suppkey
              AND l3.l_receiptdate > l3.l_commitdate)
          AND s_nationkey = n_nationkey AND n_name = '\(draw.one(of: TPCHParameters.nations))'
        GROUP BY s_name
        ORDER BY numwait DESC, s_name
        LIMIT 100
        """
    default:
      let codes = draw.some(7, of: (10...34).map { "'\($0)'" }).joined(separator: ", ")
      return """
        SELECT cntrycode, count(*) AS numcust, sum(c_acctbal) AS totacctbal
        FROM (
          SELECT substring(c_phone FROM 1 FOR 2) AS cntrycode, c_acctbal
          FROM customer
          WHERE substring(c_phone FROM 1 FOR 2) IN (\(codes))
            AND c_acctbal > (SELECT avg(c_acctbal) FROM customer
              WHERE c_acctbal > 0.00 AND substring(c_phone FROM 1 FOR 2) IN (\(codes)))
            AND NOT EXISTS (SELECT * FROM orders WHERE o_custkey = c_custkey)) AS custsale
        GROUP BY cntrycode
        ORDER BY cntrycode
        """
    }
  }
}
