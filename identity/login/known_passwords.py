"""Words and phrases that known passwords are made of (English, Turkish, keyboards); all in lower case."""

_WORDS = """
password passwort passw pass parola sifre şifre benimsifrem welcome hosgeldin hoşgeldin hosgeldiniz hoşgeldiniz
merhaba hello letmein iloveyou seniseviyorum askim aşkım canim canım bebegim bebeğim admin administrator yonetici
yönetici manager supervisor operator operatör root user username kullanici kullanıcı login logon signin access
secret master changeme change default temp temporary test tester testing demo guest misafir qwerty qwertyuiop
qwerty123 qazwsx qazwsxedc 1qaz2wsx3edc asdfgh asdfghjkl zxcvbn zxcvbnm abcdef abcd1234 abc123 123456 1234567890
monkey dragon tiger lion eagle shadow sunshine princess prenses superman batman spiderman starwars pokemon football
futbol baseball basketball soccer hockey michael jordan jennifer jessica ashley daniel matthew michelle charlie
thomas robert george andrew joshua anthony nicole amanda hannah maggie ginger cookie pepper summer winter spring
autumn yaz january february march april june july august september october november december monday tuesday
wednesday thursday friday saturday sunday pazartesi cuma cumartesi pazar ocak subat mart nisan mayis haziran temmuz
agustos eylul ekim kasim aralik istanbul ankara izmir bursa antalya adana konya trabzon turkiye türkiye turkey
anadolu galatasaray fenerbahce fenerbahçe besiktas beşiktaş trabzonspor cimbom kartal aslan kanarya ataturk atatürk
mustafakemal mustafa mehmet ahmet ali veli hasan huseyin hüseyin ibrahim ismail murat emre burak fatih yusuf ayse
ayşe fatma zeynep elif merve emine hatice ahize callcenter callcentre cagrimerkezi çağrımerkezi telefon telephone
asterisk freeswitch computer bilgisayar internet google facebook twitter instagram linkedin microsoft windows apple
samsung android iphone whatever trustno1 freedom forever always family ailem friend friends lovely beautiful angel
melek heaven jesus christ blessed allah bismillah insallah inşallah masallah maşallah flower flowers cicek çiçek
butterfly kelebek rainbow chocolate cikolata banana orange purple yellow silver golden diamond money para business
company sirket şirket office ofis service servis support destek security guvenlik güvenlik correct horse battery
staple thisisapassword thisismypassword mypassword yourpassword nopassword letmeinplease iamtheadmin opensesame
acilsusam ihateyou fuckyou asshole killer hunter ranger soldier asker vatan bayrak cumhuriyet
"""

KNOWN: frozenset[str] = frozenset(_WORDS.split())
