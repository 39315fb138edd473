"""Mails that were written after the rules and were not used to change them: what they measure is reported as it is."""

# ruff: noqa: E501
# fmt: off

from tests.codes.mail.cases_mail import Mail

K = "b5F9xR2mT7wQ4hJ8"


def _mail(*parts: str) -> str:
    return f"""<html xmlns="http://www.w3.org/1999/xhtml"><head><meta content="width=device-width"><style type="text/css">
#outlook a{{padding:0}} .wrap{{max-width:580px;background:#F2F4F6}} h1{{font-size:22px}} p{{line-height:1.625}}</style></head>
<body><span style="display:none!important;font-size:1px;color:#fff">Preview 2026 &#847; &#847; &#847; &#847;</span>
<div class="wrap">{"".join(parts)}</div></body></html>"""


def with_code() -> list[Mail]:
    return [
        Mail("1", "Verify your identity in Solano", None, _mail("<p>Verification code</p>", "<p><font size='6'>334871</font></p>", "<p>Login attempt from Lisbon (203.0.113.77) at 09:41.</p>"), "334871"),
        Mail("2", "Solano login verification", "Hi Ana,\n\nYour Solano login verification code is:\n\n3 3 4 8 7 1\n\nThanks\nSolano, 500 Howard St, CA 94105", None, "334871"),
        Mail("3", "334 871 is your Solano code", "", None, "334871"),
        Mail("4", "Welcome aboard", None, _mail("<h1>Confirm your email</h1>", "<p>Enter the six-digit code in the app to get started:</p>", "<table><tr><td bgcolor='#eee'><code>334871</code></td></tr></table>", f"<p>Or <a href='https://solano.example/v/{K}'>confirm by link</a></p>"), "334871"),
        Mail("5", "Your Solano security code", "Security code: S-48213\nThis code expires at 10:15.", None, "48213"),
        Mail("6", "One-time passcode", "Ana, the passcode for your login is 334871 and is valid for 3 minutes. Account ****2041.", None, "334871"),
        Mail("7", "Someone is logging in", "If it is you, here is the code: 4821\nIf not, change your password.", None, "4821"),
        Mail("8", "Код проверки", None, _mail("<p>Ана, здравствуйте!</p>", "<p>Ваш проверочный код</p>", "<p>334871</p>", "<p>Номер обращения 77-204187</p>"), "334871"),
        Mail("9", "Регистрация в Солано", "Для подтверждения регистрации используйте код 334871. Код действителен 24 часа.", None, "334871"),
        Mail("10", "Anmeldung bei Solano", None, _mail("<p>Hallo Ana,</p>", "<p>hier ist dein Login-Code:</p>", "<p>334871</p>", "<p>Solano SE, Amtsgericht München HRB 204187</p>"), "334871"),
        Mail("11", "Code d'activation", "Bonjour Ana,\nvotre code d'activation : 334871\nService client : 09 69 39 12 04", None, "334871"),
        Mail("12", "Tu código Solano: 334871", "Vence en 10 minutos.", None, "334871"),
        Mail("13", "Confirmação de e-mail", None, _mail("<p>Olá, Ana!</p>", "<p>Insira o código abaixo no aplicativo</p>", "<p>334871</p>"), "334871"),
        Mail("14", "Codice di accesso", "Ciao Ana, il codice di accesso è 334871", None, "334871"),
        Mail("15", "Inloggen bij Solano", "Je eenmalige code: 334871", None, "334871"),
        Mail("16", "Logowanie do Solano", None, _mail("<p>Kod do logowania:</p>", "<p>334871</p>"), "334871"),
        Mail("17", "Přihlášení do Solano", "Jednorázový kód: 334871", None, "334871"),
        Mail("18", "Solano – kod za prijavu", "Vaš kod za prijavu je 334871", None, "334871"),
        Mail("19", "Kirjautuminen", None, _mail("<p>Vahvistuskoodi:</p>", "<p>334871</p>"), "334871"),
        Mail("20", "Logg inn", "Engangskoden din er: 334871", None, "334871"),
        Mail("21", "Solano giriş", "Tek kullanımlık kodun 334871.", None, "334871"),
        Mail("22", "Σύνδεση", None, _mail("<p>Κωδικός μίας χρήσης</p>", "<p>334871</p>"), "334871"),
        Mail("23", "رمز التحقق من Solano", "رمز التحقق الخاص بك: 334871\nلا تشاركه مع أحد.", None, "334871"),
        Mail("24", "ورود به حساب", None, _mail("<p>کد تأیید</p>", "<p>334871</p>"), "334871"),
        Mail("25", "अपना ईमेल सत्यापित करें", "आपका वन-टाइम कोड: 334871", None, "334871"),
        Mail("26", "ลงชื่อเข้าใช้", None, _mail("<p>ใช้รหัสนี้เพื่อลงชื่อเข้าใช้</p>", "<p>334871</p>"), "334871"),
        Mail("27", "Đăng nhập Solano", "Mã đăng nhập: 334871", None, "334871"),
        Mail("28", "Solano 登录验证码", None, _mail("<p>尊敬的用户：</p>", "<p>您的登录验证码是</p>", "<p>334871</p>", "<p>客服 400-123-4567</p>"), "334871"),
        Mail("29", "【Solano】ログイン用コード", "ログイン用コードは以下のとおりです。\n\n334871\n\n有効期限 10:15", None, "334871"),
        Mail("30", "Solano 로그인 코드", "로그인 코드: 334871", None, "334871"),
    ]


def with_link() -> list[Mail]:
    u = f"https://app.solano.example/k/{K}"

    def one(name: str, subject: str, label: str, url: str = u, before: str = "") -> Mail:
        return Mail(name, subject, None, _mail(f"<p>{before}</p>", f"<p><a class='btn' href='{url}'>{label}</a></p>", "<p>500 Howard St, CA 94105 <a href='https://solano.example/unsubscribe'>Unsubscribe</a></p>"), url)

    return [
        one("1", "Solano account activation", "Activate"),
        one("2", "Is this your email?", "Yes, confirm my email"),
        one("3", "Your login link", "Open Solano", f"https://solano.example/login/email?token={K}"),
        one("4", "Password help", "Change my password", before="Someone asked for a new password."),
        one("5", "You're invited to join Solano", "Join now", f"https://solano.example/invite/accept/{K}"),
        Mail("6", "Verify", f"Verify your address:\n  {u}/verify?sig=9a8b7c6d5e\n\n-- \nSolano", None, f"{u}/verify?sig=9a8b7c6d5e"),
        one("7", "Регистрация почти завершена", "Завершить регистрацию"),
        one("8", "Registrierung abschließen", "E-Mail bestätigen"),
        one("9", "Confirmez votre inscription", "Je confirme"),
        one("10", "Confirma tu suscripción", "Confirmar suscripción"),
        one("11", "Ative sua conta", "Clique aqui", before="Para ativar sua conta, clique no botão:"),
        one("12", "メールアドレス認証", "認証する"),
    ]


def without_value() -> list[Mail]:
    def ad(name: str, subject: str, *rows: str) -> Mail:
        return Mail(name, subject, None, _mail(*(f"<p>{row}</p>" for row in rows), f"<p><a href='https://m.solano.example/x/{K}{K}'>Learn how</a></p>", f"<p>500 Howard St, CA 94105 <a href='https://m.solano.example/o/{K}{K}'>Unsubscribe</a></p>"), None)

    return [
        ad("1", "3 ways to save time", "1204 teams already do", "Since 2014"),
        ad("2", "Your invoice is ready", "Invoice 334871", "Due 2026-04-01"),
        ad("3", "Weekend deals", "Enter 4821 at the till", "Ends Sunday 12.04."),
        ad("4", "Security tips", "Never share your code with anyone.", "Call 0800 334871 if in doubt."),
        ad("5", "Neue AGB ab 01.04.2026", "Version 4.8.21", "Aktenzeichen 334871"),
        ad("6", "Ваш чек", "Чек № 334871", "Сумма 1204,00 ₽", "ИНН 7701204187"),
        ad("7", "Vos points", "Vous avez 4821 points", "Carte n° 334871"),
        ad("8", "Tu factura", "Factura 334871", "Importe 48,21 €"),
        ad("9", "您的会员积分", "积分 4821", "会员号 334871"),
        ad("10", "ポイントのお知らせ", "会員番号 334871", "4821ポイント"),
        Mail("11", "Case 334871", "We updated your case 334871. Reply above this line.", None, None),
        Mail("12", "Package delivered", "Your package was left at the front door. Tracking 9400 1118 9922 3344 8710 12.", None, None),
        Mail("13", "Alert: withdrawal", "You withdrew 1,204.00 USD at 14:05. Terminal 334871.", None, None),
        Mail("14", "Backup codes used", "One of your backup codes was used to sign in on 12 March 2026.", None, None),
        Mail("15", "Wi-Fi for guests", "Network: Solano-Guest\nRoom 2041", None, None),
        Mail("16", "Homework", "Read pages 334 to 871, chapter 12. See you at 0815.", None, None),
        Mail("17", "Commit 334871f", "kim pushed 334871f to main: fix error code 4821", None, None),
        Mail("18", "Terminbestätigung", "Ihr Termin am 12.03.2026 um 14:05 Uhr ist bestätigt. Vorgangsnummer 334871.", None, None),
        Mail("19", "Tickets", "Booking number 334871\nPlatform 12, coach 4, seat 48", None, None),
        Mail("20", "Expired", "Your verification code 334871 is no longer valid.", None, None),
    ]
