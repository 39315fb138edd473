"""Messages written for these tests about codes that no log-in asks for, by family, and log-ins that look like them."""

ELSEWHERE = {
    "courier, driver, parcel": """
Your Acme ride is here. Start PIN: 7315. Tell it to the driver
Trip PIN 7315, say it to your driver before you get in
Delivery code for today's groceries: 7315
OTP 731564 to be told to the courier at handover
Share the code 7315 with your courier
Your parcel waits in locker 12. Code: 731564
Pick-up code: 7315. Shop open until 20:00
The code for your parcel is 731564
7315 is the code for the courier
Скажите водителю код 7315
Код для курьера Акме: 7315
Код 7315 для водителя
Код 7315 скажите кассиру при получении
Ваша посылка в постамате, код 731564
Код получения: 7315
Заказ готов к выдаче. Ваш код: 7315
Назовите код 7315 на пункте выдачи
""",
    "doors and things": """
Garage code: 7315
The code for the front door is 7315
Parking code 731564 is valid for 2 hours
Guest WiFi password: 73156420
Код от калитки 7315
Код от шлагбаума: 7315
Пароль от Wi-Fi 73156420
Код сейфа 7315
""",
    "meetings": """
Acme invites you to a meeting. Passcode: 731564
Meeting ID 731 564 2098, passcode: 4420
Dial in at 10:00, access code 731564
Конференция в 10:00, код доступа к конференции 731564
""",
    "gifts, draws, offers": """
Your gift card PIN is 7315
Raffle code: 731564
Save 15% with code AUTUMN2026
Up to 40% today: code 731564
Your code 731564 wins a prize in our lottery
Voting code 7315
Код участника лотереи: 731564
Дарим 300 рублей по коду 7315
Скидка 15 % по вашему коду 731564
""",
    "accounts of people and cards": """
Employee code 731564
Your customer code is 731564
SIM PIN 7315, PUK 73156420
Код клиента: 731564
Код сотрудника 7315
""",
    "words that no lexicon knows": """
The barrel code is 7315
Your mascot PIN: 7315
Use fridge password 73156420
""",
    "no longer good": """
731564 has expired. Ask for a new code
The code 731564 is invalid
Wrong code: 731564
Your previous code was 731564
Code 731564 has been used
Verification code 731564 has expired
Неверный код: 731564
Код 731564 недействителен
Ваш старый пароль: 73156420
Код подтверждения 731564 истек
""",
    "examples and limits": """
Password is your date of birth, e.g. 24031987
Send the code to us, for example 7315
The PIN has 4 digits, such as 7315
No OTP required for payments below 3000
Пароль - дата рождения, например 24031987
Без кода оплачивайте до 3000
it was <#> and I gave 7315 for it
""",
    "other languages": """
Su código de recogida es 7315
Código de entrega: 7315
Tu código de descuento: 731564
Código para el repartidor: 7315
Seu código de retirada é 7315
Código de rastreio: 731564
Votre code de retrait est 7315
Votre code de livraison : 7315
Il tuo codice di ritiro è 7315
Ihr Abholcode lautet 7315
Code für die Packstation: 7315
Twój kod odbioru 7315
Kod do paczkomatu 731564
Teslimat kodunuz: 7315
Kargo kodunuz 7315
Код отримання: 7315
Kode pengambilan Anda: 7315
您的取件码是731564
取餐码：7315
""",
}

LOG_IN = r"""
731564|Your Acme Courier verification code is 731564
7315|Acme Parking: 7315 is your login code
731564|Your code is 731564. Never tell it to anyone, not even to the driver.
731564|Никому, даже курьеру, не сообщайте код 731564
731564|Your verification code for parcel tracking is 731564
731564|Tell the courier this confirmation code: 731564
731564|Код подтверждения 731564. Назовите его курьеру
731564|OTP for payment of Rs 900 at ACME PIZZA DELIVERY is 731564
731564|Your one-time code 731564 for Acme Meetings
731564|OTP for gift card purchase of Rs 400 is 731564
731564|OTP for recharge of Rs 299 is 731564
731564|Use code 731564 to log in. Your ride is one step away
731564|Your Acme code is 731564. It expires in 5 minutes.
731564|Your code 731564 expires at 14:30
731564|Код 731564 истекает через 5 минут
731564|Keep your code safe: 731564
731564|Verification code 731564. Get 20% off your next order
731564|Your OTP is 731564. Save more with Acme offers
731564|Use the code below: 731564
731564|Код ниже: 731564
731564|Your code's 731564
731564|The file is protected. Password: 731564
731564|Код для оплаты 900 руб: 731564
731564|Код для перевода 2500 р.: 731564
731564|<#> Acme: 731564 a1B2c3D4e5F
731564|Your old code has expired. Your new verification code is 731564
731564|Votre code est 731564
731564|Su código es 731564
731564|Seu código Acme: 731564
731564|Twój kod: 731564
731564|Kode Anda: 731564
"""


def elsewhere() -> list[tuple[str, str]]:
    """Family and text."""
    return [(family, text) for family, texts in ELSEWHERE.items() for text in texts.strip().splitlines()]


def log_in() -> list[tuple[str, str]]:
    """Code and text."""
    lines = (line.partition("|") for line in LOG_IN.strip().splitlines())
    return [(code, text) for code, _, text in lines]
