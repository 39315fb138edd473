"""More such mails: a second hold-out, until it was used to mend the rules."""

# ruff: noqa: E501
# fmt: off

from tests.codes.mail.cases_mail import Mail

K = "Zk3vQ8pLw1XnT5rBy7"


def _page(*rows: str) -> str:
    cells = "".join(f"<tr><td class='c{n}' style='padding:{n}8px 0;font-family:Roboto,Arial'>{row}</td></tr>" for n, row in enumerate(rows))
    return f"<!doctype html><html><head><style>.c0{{color:#123456}}td{{width:640px}}</style></head><body bgcolor='#ffffff'><center><table width='640'>{cells}</table></center></body></html>"


def with_code() -> list[Mail]:
    return [
        Mail("a1", "Northwind: verify your email", "Welcome to Northwind!\r\n\r\nPlease type the following characters on the registration page:\r\n\r\n620957\r\n\r\nThis code will stop working in one hour.", None, "620957"),
        Mail("a2", "Your temporary Northwind login code is 318-224", "", _page("Log in to Northwind", "318-224", "This code is only valid for the next 5 minutes."), "318224"),
        Mail("a3", "Northwind email verification code", None, _page("<b>Dear customer,</b>", "Your email verification code: <span style='color:#d00'>620957</span>. Valid for 15 minutes.", "24/7 hotline: 1-888-555-0142"), "620957"),
        Mail("a4", "Confirm your registration", None, _page("Hi Kim 👋", "Almost there! Here's your code:", "<table><tr>" + "".join(f"<td width='40'><div><p>{d}</p></div></td>" for d in "905513") + "</tr></table>", "Northwind Ltd, Reg. no. 05551234, London EC1V 2NX"), "905513"),
        Mail("a5", "Kim, here's your PIN 5570", "Enter it in the Northwind app.", None, "5570"),
        Mail("a6", "New device", "We noticed a login from a new device. To continue, enter verification code 118203 in the app.\nDevice: Pixel 8 (Android 15)\nIP 198.51.100.23\nRef: 77-2041", None, "118203"),
        Mail("a7", "2FA", "Your two-factor code: 44 92 07", None, "449207"),
        Mail("a8", "Northwind", None, _page("Your OTP is", "<h2>7713</h2>", "Do not disclose your OTP to anyone, including Northwind staff."), "7713"),
        Mail("a9", "[Northwind] Please verify your device", "Hey kim!\n\nA sign in attempt requires further verification because we did not recognize your device. To complete the sign in, enter the verification code on the unrecognized device.\n\nDevice: Firefox on Linux\nVerification code: 620957\n\nIf you did not attempt to sign in, your password may be compromised. Visit https://northwind.example/settings/security to create a new, strong password.", None, "620957"),
        Mail("a10", "Reset your password", None, _page("Use the code below to reset your password.", "R8K2M4", "If you did not ask for it, ignore this mail."), "R8K2M4"),
        Mail("a11", "Your code - 620957", "Hello from Northwind. Questions? Call +44 20 7946 0018", None, "620957"),
        Mail("a12", "Northwind sign up", "620957\nis your registration code. Thank you, 2026 Northwind.", None, "620957"),
        Mail("ru a", "Подтвердите почту", None, _page("Привет, Ким!", "Чтобы подтвердить почту, введите код:", "<b>62 09 57</b>", "ООО «Северный ветер», ИНН 7701234567, 119021, Москва"), "620957"),
        Mail("ru b", "Ваш одноразовый пароль", "Одноразовый пароль: 620957\nСрок действия 5 минут\nСлужба поддержки 8 (800) 555-01-42", None, "620957"),
        Mail("ru c", "Код 5570", "Код для входа в Северный ветер: 5570", None, "5570"),
        Mail("ru d", "Сброс пароля", None, _page("Вы запросили сброс пароля.", "Код для сброса", "620957"), "620957"),
        Mail("uk a", "Ваш код: 620957", "Введіть його в застосунку.", None, "620957"),
        Mail("uk b", "Одноразовий пароль", None, _page("Ваш одноразовий пароль для входу", "620957"), "620957"),
        Mail("de a", "Ihr Einmalpasswort", "Sehr geehrte Frau Kim,\n\nIhr Einmalpasswort lautet: 620957\n\nEs ist 10 Minuten gültig.\n\nNorthwind AG, Postfach 1204, 8021 Zürich", None, "620957"),
        Mail("de b", "Sicherheitscode", None, _page("Ihr Sicherheitscode für die Anmeldung", "620 957", "USt-IdNr. DE123456789"), "620957"),
        Mail("de c", "620957 – Ihr Code zur Registrierung", "Bitte eingeben.", None, "620957"),
        Mail("at", "Anmeldung", "TAN: 620957", None, "620957"),
        Mail("fr a", "620957 est votre code Northwind", "", None, "620957"),
        Mail("fr b", "Connexion à votre espace", None, _page("Pour vous connecter, utilisez le code suivant :", "620957", "Northwind SAS, RCS Paris 512 345 678"), "620957"),
        Mail("fr c", "Réinitialisation", "Votre mot de passe temporaire est : Xk29Lq", None, "Xk29Lq"),
        Mail("es a", "Código de verificación Northwind", None, _page("Hola, Kim", "Usa este código para verificar tu correo:", "620957", "C/ Mayor 12, 28013 Madrid"), "620957"),
        Mail("es b", "Tu clave temporal", "Tu clave temporal es 620957", None, "620957"),
        Mail("pt a", "Código de segurança", None, _page("Seu código de segurança é:", "620957"), "620957"),
        Mail("pt b", "Verifique o seu e-mail", "O seu código de verificação é: 5570", None, "5570"),
        Mail("it a", "Accedi a Northwind", None, _page("Il tuo codice temporaneo", "620957", "Tel. 02 1234 5678"), "620957"),
        Mail("nl a", "Bevestig je e-mailadres", None, _page("Vul onderstaande code in:", "620957", "KvK 12345678"), "620957"),
        Mail("pl a", "Twój jednorazowy kod", None, _page("Twój jednorazowy kod:", "620957", "KRS 0000123456"), "620957"),
        Mail("pl b", "620957 - kod weryfikacyjny Northwind", "Kod jest ważny 10 minut.", None, "620957"),
        Mail("cs a", "Ověřovací kód", "Váš ověřovací kód je 620957.", None, "620957"),
        Mail("sk a", "Overovací kód", None, _page("Na dokončenie registrácie zadajte kód:", "620957"), "620957"),
        Mail("hu a", "Megerősítő kód", None, _page("Kedves Kim!", "A megerősítő kódod:", "620957"), "620957"),
        Mail("ro a", "Cod de confirmare", None, _page("Introdu codul de mai jos:", "620957"), "620957"),
        Mail("bg a", "Потвърждение", None, _page("Вашият код за потвърждение:", "620957"), "620957"),
        Mail("mk a", "Код за потврда", "Вашиот код: 620957", None, "620957"),
        Mail("sq a", "Kodi i verifikimit", "Kodi juaj i verifikimit është 620957", None, "620957"),
        Mail("hr a", "Potvrda e-pošte", "Vaš kod za potvrdu: 620957", None, "620957"),
        Mail("el a", "Κωδικός επαλήθευσης", "Ο κωδικός επαλήθευσης είναι: 620957", None, "620957"),
        Mail("tr a", "E-posta doğrulama", None, _page("Doğrulama kodun:", "620957", "Kodu kimseyle paylaşma."), "620957"),
        Mail("az a", "Giriş", "Birdəfəlik kodunuz: 620957", None, "620957"),
        Mail("sv a", "Verifieringskod", "Din verifieringskod: 620957", None, "620957"),
        Mail("da a", "Din kode er 620957", "Den udløber om 10 minutter.", None, "620957"),
        Mail("fi a", "Kertakäyttökoodi", None, _page("Syötä koodi:", "620957", "Y-tunnus 1234567-8"), "620957"),
        Mail("ar a", "رمز التفعيل الخاص بك", None, _page("رمز التفعيل:", "620957"), "620957"),
        Mail("ar b", "تسجيل الدخول", "كود التحقق الخاص بك هو 620957", None, "620957"),
        Mail("fa a", "رمز یکبار مصرف", None, _page("رمز یکبار مصرف شما", "۶۲۰۹۵۷"), "620957"),
        Mail("ur a", "تصدیقی کوڈ", "آپ کا تصدیقی کوڈ 620957 ہے", None, "620957"),
        Mail("he a", "קוד חד פעמי", None, _page("הקוד החד פעמי שלך:", "620957"), "620957"),
        Mail("hi a", "ओटीपी", "आपका ओटीपी 620957 है", None, "620957"),
        Mail("mr a", "पडताळणी कोड", None, _page("तुमचा पडताळणी कोड:", "620957"), "620957"),
        Mail("ta a", "OTP", "உங்கள் OTP: 620957", None, "620957"),
        Mail("th a", "ยืนยันอีเมล", None, _page("รหัสยืนยันของคุณคือ", "620957", "โทร 02-123-4567"), "620957"),
        Mail("vi a", "Mã xác nhận", "Mã xác nhận của bạn: 620957. Hotline 1900 1234", None, "620957"),
        Mail("id a", "Kode verifikasi Anda", None, _page("Kode verifikasi Anda adalah", "620957"), "620957"),
        Mail("zh a", "Northwind 邮箱验证", None, _page("您好！", "您的邮箱验证码为", "620957", "如非本人操作，请忽略。ICP备12345678号"), "620957"),
        Mail("zh b", "登入驗證", "您的一次性驗證碼：620957（5 分鐘內有效）", None, "620957"),
        Mail("ja a", "【Northwind】メールアドレス確認", "認証コード\n620957\n\n※このメールに心当たりがない場合は破棄してください。\n〒150-0001 東京都渋谷区", None, "620957"),
        Mail("ja b", "ログイン確認コード", None, _page("確認コードは「620957」です。"), "620957"),
        Mail("ko a", "[Northwind] 이메일 인증", None, _page("인증 코드", "620957", "사업자등록번호 123-45-67890"), "620957"),
        Mail("mn a", "Баталгаажуулах код", "Таны баталгаажуулах код: 620957", None, "620957"),
        Mail("km a", "លេខកូដ", "លេខកូដរបស់អ្នក៖ 620957", None, "620957"),
    ]


def with_link() -> list[Mail]:
    def one(name: str, subject: str, url: str, label: str, *before: str) -> Mail:
        return Mail(name, subject, None, _page("<img src='https://cdn.northwind.example/l_400x90.png' alt='Northwind'>", *before, f"<a href='{url}' style='background:#0a7'>{label}</a>", "<a href='https://northwind.example/legal/privacy'>Privacy</a> · <a href='https://northwind.example/u/unsub'>Unsubscribe</a>"), url, "hello@northwind.example")

    u = f"https://northwind.example/e/{K}"
    return [
        one("a1", "Welcome to Northwind", u, "Verify my account", "Thanks for joining!"),
        one("a2", "Confirm your email", f"https://t.northwind.example/ls/click?upn={K}{K}{K}", "Confirm your email"),
        one("a3", "Action required", u, "Click here", "Please click the link below to verify your email address:"),
        one("a4", "Log in to Northwind", f"https://northwind.example/session/magic?k={K}", "Log in", "Tap the button. It works once."),
        one("a5", "Finish setting up your account", u, "Finish setup", "Confirm your address to finish:"),
        one("a6", "Reset password", u, "Reset my password"),
        Mail("a7", "Please verify", f"Hello,\n\nyou signed up with this address. To activate your account open:\n\nhttps://northwind.example/activate.php?uid=20417&key={K}\n\nor unsubscribe: https://northwind.example/unsubscribe/{K}\n", None, f"https://northwind.example/activate.php?uid=20417&key={K}"),
        Mail("a8", "Confirm your account", f"Confirm: [https://northwind.example/users/confirmation?confirmation_token={K}]", None, f"https://northwind.example/users/confirmation?confirmation_token={K}"),
        Mail("a9", "Newsletter sign-up", f"Please confirm your subscription: https://lists.northwind.example/confirm/news/{K}", None, f"https://lists.northwind.example/confirm/news/{K}"),
        one("ru a", "Регистрация", u, "Подтвердить адрес"),
        one("ru b", "Добро пожаловать", u, "Активировать аккаунт"),
        one("de a", "Passwort vergessen?", u, "Passwort zurücksetzen"),
        one("de b", "Fast geschafft", u, "Jetzt bestätigen"),
        one("fr a", "Confirmation", u, "Valider mon compte"),
        one("fr b", "Mot de passe oublié", u, "Réinitialiser le mot de passe"),
        one("es a", "Bienvenido", u, "Verificar correo"),
        one("pt a", "Bem-vindo", u, "Ativar conta"),
        one("it a", "Benvenuto", u, "Attiva account"),
        one("nl a", "Welkom", u, "Bevestig e-mailadres"),
        one("pl a", "Witamy", u, "Potwierdź e-mail"),
        one("tr a", "Hoş geldin", u, "Hesabı etkinleştir"),
        one("id a", "Selamat datang", u, "Verifikasi email"),
        one("zh a", "欢迎", u, "点击验证邮箱"),
        one("ja a", "ご登録ありがとうございます", u, "本登録を完了する"),
        one("ko a", "환영합니다", u, "이메일 주소 인증"),
        one("hi a", "स्वागत है", u, "ईमेल सत्यापित करें"),
    ]


def without_value() -> list[Mail]:
    def ad(name: str, subject: str, label: str, *rows: str) -> Mail:
        return Mail(name, subject, None, _page(*rows, f"<a href='https://e.northwind.example/c/{K}{K}'>{label}</a>", "Northwind Inc, PO Box 1204, Austin, TX 78701", f"<a href='https://e.northwind.example/u/{K}{K}'>Unsubscribe</a>"), None)

    return [
        ad("ad 1", "Flash sale: up to 70 % off", "Shop the sale", "Ends at 23:59", "Was $129.00, now $38.70"),
        ad("ad 2", "Use code HELLO15", "Start shopping", "15 % off your first order", "HELLO15"),
        ad("ad 3", "Dein Rabattcode wartet", "Einlösen", "Dein Code", "48213", "5 € Rabatt ab 30 € Bestellwert"),
        ad("ad 4", "Промокод внутри", "Купить", "Ваш промокод", "620957", "Скидка 20 %"),
        ad("ad 5", "Join 12,000 developers", "Register now", "Code camp 2026, March 12, 18:00"),
        ad("ad 6", "Your year in review", "See your stats", "You walked 1204 km", "4829 steps a day"),
        ad("ad 7", "You have 1 new follower", "View profile", "kim_2041 follows you"),
        ad("ad 8", "Bestätigung deiner Bewerbung", "Zum Portal", "Wir haben deine Bewerbung 204187 erhalten."),
        ad("ad 9", "优惠码来了", "立即使用", "您的优惠码", "620957"),
        ad("ad 10", "Weekly digest", "Open", "3 new posts in #code", "Thread 620957"),
        ad("ad 11", "Reminder: appointment on March 12", "Add to calendar", "14:30, Room 2041", "Dr. Kim"),
        ad("ad 12", "Cadeau pour vous", "J'en profite", "Code promo : 62095", "Valable jusqu'au 31/12/2026"),
        Mail("sh 1", "Order 112-9482037-1204555", "Thank you. Order total $48.29. Arriving Thursday.", None, None),
        Mail("sh 2", "Bestellung versandt", "Sendungsnummer\n00340434161094042557\nDHL", None, None),
        Mail("sh 3", "Ваш заказ в пути", "Трек-номер 80084829137715. Ожидайте 12.03.2026", None, None),
        Mail("sh 4", "Pedido #20418 recibido", None, _page("Número de pedido", "20418", "Total: 48,29 €"), None),
        Mail("sh 5", "Ordine confermato", None, _page("Codice ordine", "620957", "Totale 48,29 €"), None),
        Mail("sh 6", "Your delivery code", "Give the driver this code: 4829", None, None),
        Mail("sh 7", "Pick up your order", None, _page("Pickup code", "620957", "Store 112, open until 20:00"), None),
        Mail("fi 1", "You sent a payment of 482.90 EUR", "Transaction ID: 7MK20418XX620957\nTo: Kim\nDate: 12 March 2026", None, None),
        Mail("fi 2", "Счёт на оплату", "Счёт № 620957 от 12.03.2026, сумма 1204,00 руб.\nБИК 044525225", None, None),
        Mail("fi 3", "Your card ending in 4829 was declined", "Amount $12.04 at Northwind, 03/12/2026", None, None),
        Mail("fi 4", "Tax document ready", "Form 1099 for 2025. Account 620957.", None, None),
        Mail("ac 1", "Password changed", "The password of kim@box.example was changed on March 12, 2026 at 14:05. Not you? Reset it: https://northwind.example/help/password", None, None),
        Mail("ac 2", "New login from Chrome", "IP address: 198.51.100.23\nLocation: Berlin 10115\nTime: 14:05 UTC\nNo action is needed if this was you.", None, None),
        Mail("ac 3", "Two-step verification turned off", "Codes will no longer be needed on sign-in. Changed 2026-03-12 14:05:31.", None, None),
        Mail("ac 4", "Your verification is complete", "Your identity was verified. Reference 620957.", None, None),
        Mail("ac 5", "Код больше не нужен", "Двухфакторная аутентификация отключена 12.03.2026 в 14:05.", None, None),
        Mail("ac 6", "We sent you a text", "We sent a 6-digit code to the phone ending in 29. Enter it in the app.", None, None),
        Mail("ac 7", "登录提醒", "您的账户于2026年3月12日14:05在北京登录，IP 198.51.100.23。", None, None),
        Mail("tr 1", "Itinerary for your trip", "Record locator: K7XQ2B\nNW 2041 BER-LHR 12MAR 1405-1510\nE-ticket 204 9482037120", None, None),
        Mail("tr 2", "Check-in is open", "Booking code QX7R2K. Seat 14C.", None, None),
        Mail("tr 3", "Rezervasyon onayı", "Rezervasyon numarası: 620957\nOtel Acme, 12.03.2026", None, None),
        Mail("wk 1", "Re: budget 2026", "Let's meet in room 2041 at 14:30.\n\nOn Mon, 9 Mar 2026 at 10:11, Kim <kim@box.example> wrote:\n> The code for the door is 4829", None, None),
        Mail("wk 2", "Build 620957 failed", "Pipeline #620957 failed with exit code 137 on main (c7e1b2f).", None, None),
        Mail("wk 3", "Invitation: review", "Meeting ID: 829 4137 7150\nPasscode: 620957\nOne tap mobile +16505550142,,82941377150#", None, None),
        Mail("wk 4", "[JIRA] (NW-2041) Fix zip code field", "Kim updated NW-2041. Build 4829.", None, None),
        Mail("wk 5", "Your application", "Application number 620957 was submitted. ZIP code 78701.", None, None),
        Mail("wk 6", "Question", "Hi, is the PIN of the gate still the same? Kim, 0171 2345678", None, None),
        Mail("pe 1", "Photos", "Here are the photos: https://photos.northwind.example/share/Zk3vQ8pLw1XnT5rBy7", None, None),
    ]
