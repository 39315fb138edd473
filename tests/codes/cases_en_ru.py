"""English and Russian messages as services word them, written for these tests: the code, a vertical bar, the text."""

WITH_CODE = r"""
482913|Your Acme verification code is 482913
482913|Your Acme verification code is: 482913. It expires in 10 minutes.
482913|482913 is your Acme verification code
482913|Acme: 482913 is your code. Don't share it.
4829|[Acme] Your code is 4829
48291|Acme code: 48291. Do not give this code to anyone, even if they say they are from Acme!
482913|Use 482913 to verify your Acme account
482913|Use 482913 as your login code for Acme
482913|To log in to Acme, enter 482913.
482913|We received a request to sign in to your account. Enter 482913 on the sign-in page.
482913|482-913 is your Acme code
482913|Enter code 482 913 to finish signing in.
482913|Your code is 48 29 13
4829|Your passcode is 4 8 2 9
48291376|Your activation code is: 4829-1376
482913|Your code is 482913 482913
482913|G-482913 is your Acme verification code.
482913|<#> Your Acme code is 482913 q1W2e3R4t5Y
482913|482913 is your code. For your security, do not share it.\n\nFA+9qCX9VSw
482913|Your Acme ID Code is: 482913. Do not share it.\n@acme.com #482913 %acme.com
482913|OTP for transaction of INR 5,000.00 at MART on card XX4411 is 482913. Valid till 12:30:15. Do not share.
482913|482913 is SECRET OTP for txn of INR 500.00 on ABC card ending 4411 at SHOP on 12-03-26. Pls do not share.
482913|Your one-time passcode for the payment of $25.00 at SHOP on card ending 4411 is 482913.
482913|Dear customer, 482913 is your OTP for login. Ref no 99887766.
482913|Your login code: 482913\n\nIf you did not request this, call 1-800-555-0199.
482913|Your sign-in code for Acme Bank, requested on 12/03/2026 at 14:30, is 482913.
482913|Your Acme OTP is 482913 (Ref ABCD1234)
482913|code: 482913, ref: 778899
482913|Your OTP is 482913 for order 55667788 of Rs. 450.
4829|Your PIN is 4829
Xk29Lm7Q|Your temporary password is Xk29Lm7Q
K7Q2ZD|Verification code: K7Q2ZD
482913|Your confirmation code is\n482913
482913|Please use the following code to sign in:\n\n482913\n\nThe code expires in 5 minutes.
482913|Never share this code: 482913
482913|Don't share your code with anyone. Your code: 482913
482913|482913
482913|482 913
482913|OTP482913 is for login
482913|Your Acme verification code is 482913.Do not share.
482913|Your code is *482913*
2026|2026 is your verification code
482913|(1/2) Your code is 482913
482913|Free Msg: Acme Bank 482913 is your code. Call 800-555-0199 if you didn't request
482913|mTAN 482913 for the transfer of EUR 50.00
482913|Sandy House: 482913 is your code
482913|Ваш код 482913
482913|Ваш код подтверждения: 482913
4829|Код подтверждения 4829. Никому не сообщайте код!
482913|482913 - код для входа в Акме
4829|4829 — ваш код подтверждения
4829|Никому не говорите код 4829! Это код для входа в Акме.
48291|Никому не сообщайте код: 48291
48291|Ваш код для регистрации на сайте Акме 48291
48291|Код для Акме 48291
482913|Код: 482-913
482913|Код 482 913 для подтверждения номера
4829|Введите 4829 для подтверждения регистрации
482913|Ваш одноразовый пароль: 482913. Срок действия 5 минут.
48291|Пароль 48291 для подтверждения покупки на сумму 1500 руб. Карта *4411
482913|Код для оплаты 1500,00 RUB в ACME SHOP: 482913. Карта *4411.
48291|Перевод 1500р на карту *4411. Код: 48291. Никому его не сообщайте
482913|Покупка 1500р в MAGAZIN. Карта *4411. Код 482913. Не сообщайте код никому.
482913|Код для подтверждения перевода 5000р на карту 4411: 482913
4829|Ваш логин: 79161234567, пароль: 4829
4829|Vash kod: 4829
482913|Kod podtverzhdeniya: 482913
A7B29C|Код доступа: A7B29C
482913|Код авторизации 482913 действует до 12:45
4829|Для подтверждения операции введите код\n4829
4829|Код подтверждения для номера 79161234567: 4829
4829|Ваш код: 4829. Заказ 556677
482913|<#> Код: 482913. Акме\nAb3dEfGh1jK
"""

WITHOUT_CODE = """
Your order #482913 is ready. Use code at the door.
Use code SAVE20 for 20% off your next order
Get 30% off with promo code SPRING24. Shop now: https://acme.shop/s/482913
Your promo code: 482913
Your voucher pin: 482913
Never share your OTP. Acme support: 18005550199
Never share OTP/PIN. A/c XX4829 credited with Rs 4829
Your password was changed on 12/03/2026 at 14:30. Not you? Call 18005550199
Your verification code has expired. Request a new one.
Your account ending 4829 was debited by $48.29
Card 4829 charged 1500 USD at ACME
We sent a verification code to 5550199
Your code was sent to the number ending in 4829
Your appointment is on 12 March 2026 at 14:30. Reply YES to confirm.
Booking reference K7Q2ZD confirmed for 12 March
The gate code is 4829
Wi-Fi password: 48291376
Error code 4829: please restart
Invoice 482913 for $120.00 is due
Call 482913 now to win a prize
Our office moved to 4829 Main Street
Your zip code 90210 is outside the delivery area
You have 4829 points
Data used: 4829 MB. Your plan renews on 12 March
The code club meets at 14:30 in room 4829
password reset requested for user 482913
Transaction code 482913 was completed
3 wrong code attempts on card 4829
Ваш заказ 482913 готов к выдаче
Заказ №4829 доставлен. Код получения 5566
Промокод 4829 на скидку 500 руб
Скидка 20% по коду 4829 до 12.03.2026
VISA4829 14:30 Покупка 1500р. Баланс: 48291.37р
Никому не сообщайте код. Тел. 88005553535
Код домофона 4829
Вы записаны на 12 марта 2026 в 14:30, кабинет 4829
Рейс SU4829 вылет 14:30
Начислено 4829 баллов
Посылка прибыла, код 4829 для получения
Вы вызвали такси: белый Солярис 4829, водитель Иван
Your codes are 1234, 5678, 9012
code 1: 4829, code 2: 7713
Your code is AB12-CD34-EF56
Your code is AB12 CD34
482-913-
12:34
+79161234567
2026-03-12
1 000 000
$4829
4829 USD
https://acme.com/482913
Your code is https://acme.com/v/482913
Your code is: 12:34
Your code is:
hello
"""


def with_code() -> list[tuple[str, str]]:
    """Code and text."""
    lines = (line.partition("|") for line in WITH_CODE.strip().splitlines())
    return [(code, text.replace("\\n", "\n")) for code, _, text in lines]


def without_code() -> list[str]:
    return WITHOUT_CODE.strip().splitlines()
