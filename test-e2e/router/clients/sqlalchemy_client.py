"""SQLAlchemy: definitions, introspection, the ORM's sessions, joins and aggregates."""
import sys

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, Numeric, String, create_engine, func, inspect, select
from sqlalchemy.engine import URL
from sqlalchemy.orm import DeclarativeBase, Session, relationship

host, port, user, password, database = sys.argv[1:6]
engine = create_engine(
    URL.create("mysql+pymysql", user, password, host, int(port), database, {"charset": "utf8mb4"})
)


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id = Column(BigInteger, primary_key=True, autoincrement=True)
    name = Column(String(40), nullable=False)
    orders = relationship("Order", back_populates="user", cascade="all, delete-orphan")


class Order(Base):
    __tablename__ = "orders"
    user_id = Column(BigInteger, ForeignKey("users.id"), primary_key=True)
    number = Column(Integer, primary_key=True, autoincrement=False)
    total = Column(Numeric(10, 2), nullable=False)
    user = relationship("User", back_populates="orders")


Base.metadata.create_all(engine)
# A second time it finds all of them there.
Base.metadata.create_all(engine)

inspector = inspect(engine)
assert sorted(inspector.get_table_names()) == ["orders", "users"], inspector.get_table_names()
assert [column["name"] for column in inspector.get_columns("orders")] == ["user_id", "number", "total"]
assert inspector.get_pk_constraint("orders")["constrained_columns"] == ["user_id", "number"]
assert inspector.get_foreign_keys("orders")[0]["referred_table"] == "users"

ids = []
for index in range(10):
    with Session(engine) as session:
        made = User(name=f"user {index}", orders=[Order(number=n, total=index * 10 + n) for n in (1, 2, 3)])
        session.add(made)
        session.commit()
        ids.append(made.id)
assert len(set(ids)) == 10

with Session(engine) as session:
    found = session.get(User, ids[4])
    assert found.name == "user 4" and len(found.orders) == 3
    found.name = "changed"
    found.orders[0].total = 1000
    session.commit()

with Session(engine) as session:
    assert session.scalar(select(func.count()).select_from(Order)) == 30
    assert session.scalar(select(func.max(Order.total))) == 1000
    names = session.scalars(select(User.name).order_by(User.name).limit(3)).all()
    assert names == ["changed", "user 0", "user 1"], names
    totals = session.execute(
        select(User.id, func.sum(Order.total)).join(Order).group_by(User.id).order_by(User.id)
    ).all()
    assert len(totals) == 10
    some = session.scalars(select(User).where(User.id.in_(ids[:3])).order_by(User.id)).all()
    assert [each.name for each in some] == ["user 0", "user 1", "user 2"]

with Session(engine) as session:
    session.add(Order(user_id=ids[0], number=9, total=1))
    session.flush()
    session.rollback()
    assert session.get(Order, (ids[0], 9)) is None
    locked = session.scalars(select(Order).where(Order.user_id == ids[0]).with_for_update()).all()
    assert len(locked) == 3
    session.delete(session.get(User, ids[0]))
    session.commit()
    assert session.scalar(select(func.count()).select_from(Order)) == 27

Base.metadata.drop_all(engine)
assert inspect(engine).get_table_names() == []
print("ok")
