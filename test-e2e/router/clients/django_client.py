"""Django: its own migrations, users and permissions unsharded, and sharded models beside them."""
import sys

import pymysql

pymysql.install_as_MySQLdb()

import django
from django.apps import AppConfig
from django.conf import settings


class ShopConfig(AppConfig):
    name = "__main__"
    label = "shop"
    path = "."



host, port, user, password, database = sys.argv[1:6]
settings.configure(
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.mysql",
            "HOST": host,
            "PORT": int(port),
            "USER": user,
            "PASSWORD": password,
            "NAME": database,
            "OPTIONS": {"charset": "utf8mb4"},
        }
    },
    INSTALLED_APPS=[
        "django.contrib.contenttypes",
        "django.contrib.auth",
        "django.contrib.sessions",
        "__main__.ShopConfig",
    ],
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
    SECRET_KEY="of no use",
)
django.setup()

from django.contrib.auth.models import Group, Permission, User as Login
from django.core.management import call_command
from django.db import connection, models, transaction
from django.db.models import Avg, Count, Sum

# The schema of a public application, by its own migrations.
call_command("migrate", verbosity=0)
call_command("migrate", verbosity=0)
assert Permission.objects.count() > 10
editors = Group.objects.create(name="editors")
editors.permissions.set(Permission.objects.all()[:5])
login = Login.objects.create_user("ann", "ann@example.org", "a password")
login.groups.add(editors)
assert Login.objects.filter(groups__name="editors", is_active=True).get().check_password("a password")
assert len(login.get_group_permissions()) == 5


class Customer(models.Model):
    name = models.CharField(max_length=40)
    joined = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "shop"
        db_table = "users"


class Order(models.Model):
    user = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="orders")
    number = models.IntegerField()
    total = models.DecimalField(max_digits=10, decimal_places=2)

    class Meta:
        app_label = "shop"
        db_table = "orders"
        # A key of a sharded table is unique within its slot, and so names the column that decides the slot.
        unique_together = [("user", "number")]


with connection.schema_editor() as editor:
    editor.create_model(Customer)
    editor.create_model(Order)
assert {"users", "orders", "auth_user"} <= set(connection.introspection.table_names())
with connection.cursor() as cursor:
    columns = connection.introspection.get_table_description(cursor, "orders")
assert {column.name for column in columns} == {"id", "number", "total", "user_id"}, columns

customers = [Customer.objects.create(name=f"customer {index}") for index in range(8)]
assert len({customer.pk for customer in customers}) == 8
Order.objects.bulk_create(
    Order(user=customer, number=number, total=index * 10 + number)
    for index, customer in enumerate(customers)
    for number in (1, 2)
)
assert Order.objects.count() == 16
assert Order.objects.aggregate(Sum("total"))["total__sum"] == sum(index * 20 + 3 for index in range(8))
assert Customer.objects.get(pk=customers[3].pk).orders.aggregate(Avg("total"))["total__avg"] == 31.5
assert [each.name for each in Customer.objects.order_by("-name")[1:3]] == ["customer 6", "customer 5"]
counted = Customer.objects.annotate(n=Count("orders")).order_by("pk")
assert [each.n for each in counted] == [2] * 8
assert len(Order.objects.filter(user__in=customers[:3]).select_related("user")) == 6
assert len(Customer.objects.prefetch_related("orders").all()[0].orders.all()) == 2

with transaction.atomic():
    first = Order.objects.select_for_update().get(user=customers[0], number=1)
    assert first.total == 1
    Order.objects.filter(user=customers[0], number=1).update(total=500)
    try:
        with transaction.atomic():
            Order.objects.create(user=customers[0], number=1, total=1)
        raise AssertionError("the key is unique")
    except django.db.IntegrityError:
        pass
assert Order.objects.get(user=customers[0], number=1).total == 500

found, is_new = Customer.objects.get_or_create(pk=customers[1].pk, defaults={"name": "other"})
assert not is_new and found.name == "customer 1"
Order.objects.filter(user=customers[2]).delete()
assert Order.objects.count() == 14
print("ok")
