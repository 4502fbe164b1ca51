"""What the demo community talks about. Data only; `build.py` puts it in, with times counted back from today."""

from dataclasses import dataclass, field

from discussions.models import SpacePreset, TopicKind

Q, D = TopicKind.QUESTION, TopicKind.DISCUSSION


@dataclass(frozen=True, slots=True)
class Room:
    slug: str
    name: str
    purpose: str
    preset: SpacePreset = SpacePreset.OPEN
    listed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """`after` counts hours since the post before; `to` is the number of the post it answers.

    `first` is what it said before it was edited, two days later, for the given `reason`.
    """

    who: str
    after: float
    text: str
    to: int = 1
    thanks: tuple[str, ...] = ()
    first: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Thread:
    """`day` counts days before today; `accepted` is the number of the accepted answer."""

    room: str
    kind: TopicKind
    title: str
    who: str
    day: int
    text: str
    replies: tuple[Reply, ...] = ()
    tags: tuple[str, ...] = ()
    accepted: int = 0
    closed: str = ""
    pinned: bool = False
    thanks: tuple[str, ...] = field(default=())


ROOMS = (
    Room("announcements", "Announcements", "News of the guild, a few a month.", SpacePreset.READ_ONLY),
    Room("practice", "Category practice", "How we buy: methods, mistakes, and what we would do again."),
    Room("contracts", "Contracts and law", "Clauses, claims and tenders. No legal advice, a lot of experience."),
    Room("suppliers", "Supplier relations", "Development, risk, audits, and the talks nobody enjoys."),
    Room("tools", "Tools and data", "Systems, spend data, and what really gets used."),
    Room("introductions", "Introductions", "Say who you are and what you would like to find here."),
    Room("council", "Programme council", "The eight who plan the autumn meeting.", SpacePreset.PRIVATE,
         ("ines", "ruth", "jonas", "grace", "henrik", "wim", "saskia", "lucy")),
    Room("pilot", "Benchmark pilot", "Trying out the shared price benchmark before anybody hears of it.",
         SpacePreset.HIDDEN, ("tomasz", "oskar", "wim", "katrin", "ben")),
    Room("experts", "Expert circle", "For those whom others ask.", SpacePreset.EXPERTS),
    Room("chatham", "Disputes, in confidence", "What is said here stays here.", SpacePreset.CONFIDENTIAL,
         ("carmen", "henrik", "claude", "grace", "stefan")),
)  # fmt: skip

THREADS = (
    Thread(
        "announcements", D, "Welcome to the new home of the guild", "ines", 119,
        "You asked for a place that is **quiet**, that only people who buy for a living can enter, and that does not "
        "sell to you. This is it.\n\nThree things to know:\n\n- Spaces say who can read them, on every page.\n- We ask "
        "for something only after we have been of use to you.\n- If something is wrong, write to me or to Tomasz.",
        thanks=("ben", "henrik", "grace", "amara", "wim", "carmen"), tags=("guild",), pinned=True,
    ),
    Thread(
        "announcements", D, "Autumn meeting: the date, and what you voted for", "ines", 41,
        "We meet on the second Thursday of the month after next, in Arnhem, at Velum Paper's old mill. You voted for "
        "**index clauses**, **tooling ownership** and **buying AI tools with care**. Places go to those who bring a case.",
        thanks=("wim", "saskia", "lucy"), tags=("guild", "meeting"),
    ),
    Thread(
        "practice", Q, "Has anybody left reverse auctions behind, and what came instead?", "ben", 115,
        "We ran 40 reverse auctions on ingredients in three years. Savings were 6 % in the first year, 2 % in the second, "
        "and last year three of five suppliers did not show up. I would like to stop, and my director asks what replaces "
        "the number.\n\nWho has done this, and what did you show your board?",
        (
            Reply("henrik", 3, "We stopped four years ago for castings. What replaced it: a **should-cost model** we share "
                  "with the two suppliers we kept, and a yearly talk about the gap. The first year the number was smaller, "
                  "and the second it was larger, because they began to bring ideas.\n\nWhat I showed the board was the cost of "
                  "re-qualification that we had never counted.", thanks=("ben", "oskar", "amara")),
            Reply("rob", 20, "I work for a vendor of these tools, so weigh this accordingly: auctions work where there are "
                  "more than four qualified bidders and the specification is closed. Where one of the two is missing, "
                  "don't. Our own data says the same.", thanks=("ben", "lucy")),
            Reply("oskar", 5, "Seconding Henrik on the model. The first version can be a spreadsheet: material, energy, labour, "
                  "overhead, margin. Being 80 % right is enough to have the conversation.", to=2, thanks=("sofia",)),
            Reply("ben", 26, "Thank you. The re-qualification cost is the argument I was missing. Ours is about 90 hours "
                  "for each new source, and nobody ever put it against the saving.", to=2),
            Reply("amara", 9, "One caution from textiles: tell the suppliers *before* you stop, and tell them why. Ours "
                  "had priced in a round of bidding, and took two quarters to believe us.", thanks=("ben",)),
        ),
        ("auctions", "negotiation"), accepted=2,
    ),
    Thread(
        "practice", D, "A spend cube in six weeks: what I would not do again", "sofia", 92,
        "Promised a write-up, here it is. We classified 41,000 lines with two people.\n\n1. Start with the 200 suppliers "
        "that make 90 % of the spend. The tail can wait for ever.\n2. Do not clean descriptions. Classify by supplier and "
        "cost centre, then correct by exception.\n3. Give each category owner **one** page, not a dashboard.\n\n"
        "What I would not do again: four levels of taxonomy. Two were used.",
        (
            Reply("arthur", 7, "Point 3 is gold. We built 14 dashboards; the logs say that two people opened them last month.",
                  thanks=("sofia", "wim")),
            Reply("hana", 11, "Did you keep the supplier master as it was, or merge duplicates first?"),
            Reply("sofia", 4, "Merged by tax number only. Names are hopeless:\n\n```\nACME GmbH\nAcme Gesellschaft mbH\n"
                  "ACME (do not use)\nACME new\n```\n\nThe fourth one had the open invoices.", to=3,
                  thanks=("hana", "marte", "ben")),
            Reply("erik", 30, "We see the same in every project. Two levels, owner by owner, and a date after which nobody "
                  "discusses the taxonomy any more."),
        ),
        ("spend-data",), thanks=("arthur", "devika", "ines", "wim"),
    ),
    Thread(
        "contracts", Q, "Index basket for paper: pulp, energy and what else?", "wim", 88,
        "We renew a three-year contract and the supplier wants pulp 60, energy 40. I think labour is missing and that 60 "
        "is too high for recycled grades. What do your baskets look like, and how often do they reset?",
        (
            Reply("jonas", 5, "From the other side of the table (packaging): recovered paper 35, energy 30, chemicals 10, "
                  "labour 15, fixed 10. Quarterly, with a dead band of 3 %. The **fixed** part is what keeps both honest.",
                  thanks=("wim", "katrin", "carmen")),
            Reply("carmen", 16, "Whatever the weights: write down the source, the publication, the *edition*, and what happens "
                  "when it is discontinued. Two of our disputes were about an index that stopped being published."
                  "\n\n> If the index ceases to be published, the parties agree on its nearest successor within 30 days; "
                  "until then the last published value applies.", thanks=("wim", "marte", "bram", "jonas")),
            Reply("katrin", 8, "For energy use the month-ahead average, not spot. Spot made one of our quarters 11 % dearer "
                  "for eight cold days.", thanks=("wim",),
                  first="For energy use the month-ahead average, not spot. Spot made one of our quarters 14 % dearer.",
                  reason="Looked it up"),
            Reply("wim", 3, "This is exactly what I hoped for. I go in with 35/30/10/15/10 and Carmen's sentence.", to=2),
        ),
        ("indexation", "paper"), accepted=2, thanks=("ben",),
    ),
    Thread(
        "contracts", Q, "Exit plans: does anybody have one that was really used?", "marte", 71,
        "Every service contract of ours has an exit plan in annex 9. I have never met anybody who used theirs. Have you, "
        "and what was missing?",
        (
            Reply("fatima", 9, "Used one last winter when our payroll supplier was bought. What was missing: names. The plan said "
                  "'the supplier provides a transition manager'. That person did not exist. We now ask for a name and a "
                  "deputy every January, and call them once.", thanks=("marte", "bram", "saskia")),
            Reply("bram", 6, "And the *price* of the exit. If the plan does not say what transition hours cost, you will "
                  "hear the number when you can least refuse it.", thanks=("marte",)),
            Reply("ellen", 21, "We rehearse one a year, like a fire drill: half a day, one contract, table top. It found that "
                  "our data would arrive in a format only the supplier could read."),
            Reply("marte", 2, "Names, price, format, rehearsal. I will rewrite annex 9 and post it here.", to=4),
        ),
        ("exit", "services"), accepted=2,
    ),
    Thread(
        "contracts", D, "Liability caps for software: the number is not the point", "carmen", 55,
        "We argued for three weeks about 100 % or 150 % of yearly fees. Then we listed what can really go wrong, and found "
        "that the worst case (data lost, two weeks of manual work) was under 60 %, while the one thing above it, a leak of "
        "personal data, has its own cap anyway.\n\nSince then we start with the list.",
        (
            Reply("fatima", 12, "Would you share how you estimate 'two weeks of manual work'?"),
            Reply("carmen", 3, "Hours of the people concerned, times two, because nobody does it at normal speed. Then we ask "
                  "the business owner whether they would sign that number. They usually halve it or double it, and "
                  "that talk is worth more than the clause.", to=2, thanks=("fatima", "grace", "bram")),
        ),
        ("software", "liability"), thanks=("ellen", "samir", "bram", "fatima"),
    ),
    Thread(
        "suppliers", Q, "Tooling we paid for, and the supplier will not let go", "stefan", 24,
        "We paid for the tools in 2014. The contract says they are ours and 'remain at the supplier's disposal'. Now we "
        "want to move two castings and are told the tools are 'part of the process'. Has anybody got theirs back without "
        "a court?",
        (
            Reply("henrik", 4, "Yes, twice. First an inventory **with photographs and numbers** before you say that you will "
                  "leave. Then offer to buy the last batch and the spare inserts at a fair price. What they fear is the hole "
                  "in the plan, not the loss of the tool.", thanks=("stefan", "piotr", "luca")),
            Reply("nadia", 10, "And have the new supplier look at the tool before you move it. Ours turned out to be worn to "
                  "the point where a new one was cheaper.", thanks=("stefan",)),
            Reply("stefan", 40, "Inventory is done. Three of eleven tools could not be found, which changes the conversation. "
                  "Thank you both.", to=2),
        ),
        ("tooling", "castings"), accepted=2,
    ),
    Thread(
        "suppliers", Q, "Small suppliers and ramp-up: who pays for the second shift?", "nadia", 63,
        "We ask a supplier of 40 people to double in a year. They can, if somebody carries the second shift for four months. "
        "We pre-paid once and would rather not again. How do you share the risk?",
        (
            Reply("yuki", 15, "We give a **take-or-pay** for the shift, not for the parts: if the volume does not come, we pay the "
                  "wages, capped at four months. In twelve years it was called twice.", thanks=("nadia", "claude", "ellen")),
            Reply("claude", 5, "For us it was a bank guarantee from our side. Cheaper than pre-payment and the controller sleeps."),
            Reply("luca", 30, "Do not forget the quality people. The second shift had no inspector, and the first month went "
                  "into sorting.", thanks=("nadia",)),
        ),
        ("ramp-up", "risk"), accepted=2,
    ),
    Thread(
        "suppliers", D, "An audit is a conversation: notes from 30 of them", "amara", 101,
        "Some things I learned, mostly by getting them wrong.\n\n- Walk the floor **before** the presentation.\n- Ask the "
        "person at the machine what they would change. Then ask who they told.\n- Write the report on site and read it to "
        "them. Nothing in it should be new when it arrives.\n- A finding without a date is a wish.\n\nWhat would you add?",
        (
            Reply("luca", 6, "Go once at the beginning of a shift. Handover shows more than any binder.",
                  thanks=("amara", "devika")),
            Reply("grace", 14, "In care: bring a nurse. She asks in two minutes what I never thought of."),
            Reply("devika", 2, "And eat in their canteen. Seriously.", thanks=("amara", "luca", "ben", "lucy")),
            Reply("aisha", 28, "How do you deal with subcontractors who are not on the list? We found two last month."),
            Reply("amara", 5, "I stop the audit, ask for the list of everybody who touched the goods that month, and continue "
                  "when it is there. It takes an hour, and it has never been refused twice.", to=5, thanks=("aisha",)),
        ),
        ("audits",), thanks=("nadia", "luca", "ines", "henrik", "wim", "grace"),
    ),
    Thread(
        "suppliers", Q, "Scope 3 data that is not invented: where do you draw the line?", "aisha", 46,
        "We asked 120 suppliers for emissions. 80 answered, 60 of them with the same sector average to two decimals. I do not "
        "want to report that. What do you accept?",
        (
            Reply("wim", 8, "We accept three things: a meter, an invoice, or an honest 'we do not know'. Averages we enter "
                  "ourselves and mark as ours.", thanks=("aisha", "katrin")),
            Reply("johanna", 60, "We pay the ten largest for the measuring. It cost less than the consultant who would have "
                  "modelled it.", thanks=("aisha",)),
        ),
        ("sustainability", "data"),
    ),
    Thread(
        "suppliers", Q, "Second source for prepreg: who has qualified one lately?", "chloe", 4,
        "We have one source for a composite that sits in nine assemblies. Qualification was estimated at 18 months, which "
        "nobody wants to hear. Has anybody done it faster, and where did the time go?",
        (),
        ("single-source", "composites"),
    ),
    Thread(
        "tools", Q, "Honest numbers: how many of your people use the sourcing suite?", "arthur", 38,
        "We have 210 licences. 64 signed in last month, 22 did something. I suspect we are normal, and nobody says so. "
        "Numbers, please, also anonymous ones by message.",
        (
            Reply("hana", 7, "180 licences, 150 sign in because invoices are approved there, 30 use the sourcing part."),
            Reply("lucy", 4, "Gave back 90 of 140 at the renewal. Nobody complained. Two people asked for theirs back.",
                  thanks=("arthur", "wim", "omar")),
            Reply("priya", 22, "From inside a vendor: the median of our customers is 18 % active in sourcing after year one. The "
                  "ones above 50 % have one thing in common: the *category owner* chose the event templates, not IT.",
                  thanks=("arthur", "sofia")),
            Reply("arthur", 3, "18 % is the first figure I have ever been given. Thank you for that, Priya.", to=4),
            Reply("erik", 50, "Worth a shared benchmark? Ten companies, four numbers, no names."),
        ),
        ("adoption", "licences"), thanks=("sofia", "omar", "lucy", "tomasz"),
    ),
    Thread(
        "tools", Q, "Buying an AI contract reviewer: what did you test before signing?", "fatima", 31,
        "Four vendors, all with the same demo. I would like to test them on something that hurts. What did you use?",
        (
            Reply("bram", 5, "Twenty of our own contracts with **planted faults**: a missing cap, a wrong governing law, a clause "
                  "that contradicts annex 3. One tool found 17, one found 6 and was sure of itself.",
                  thanks=("fatima", "carmen", "samir", "marte")),
            Reply("carmen", 9, "And five contracts *without* faults. The false alarms decide whether people keep using it.",
                  thanks=("fatima", "bram")),
            Reply("samir", 30, "Ask where the text goes, who can read it, how it is deleted, and have them show you the deletion. "
                  "Two of our four could not."),
            Reply("fatima", 12, "We ran Bram's test. Results: 16, 15, 9 and 'the document is too long'. We negotiate with two.",
                  to=2, thanks=("bram",)),
        ),
        ("ai", "contracts"), accepted=2, thanks=("grace", "arthur", "omar"),
    ),
    Thread(
        "tools", D, "A query that finds split orders", "hana", 65,
        "Somebody asked at the last call. This finds orders to one supplier on one day that stay just under the approval "
        "limit:\n\n```sql\nSELECT supplier_id, ordered_on, count(*) AS orders, sum(amount) AS total\nFROM purchase_order\n"
        "WHERE amount < 5000\nGROUP BY supplier_id, ordered_on\nHAVING count(*) > 1 AND sum(amount) >= 5000\n"
        "ORDER BY total DESC;\n```\n\nMost of what it finds is innocent. Talk before you write.",
        (
            Reply("sofia", 6, "Found 31, of which 2 were not innocent. Adding the requester to the `GROUP BY` made it sharper.",
                  thanks=("hana",)),
            Reply("omar", 20, "'Talk before you write' should be printed above it."),
        ),
        ("spend-data", "sql"), thanks=("sofia", "arthur", "samir", "omar"),
    ),
    Thread(
        "practice", Q, "How did you learn to negotiate?", "david", 9,
        "I am four months into my first job. My manager says 'by doing it', and I would rather not learn on the big contract. "
        "Books, courses, tricks of your own?",
        (
            Reply("ruth", 2, "Sit in. Ask to carry the notes for three negotiations that are not yours, and afterwards tell the "
                  "person what you saw. You learn more from the second half of that sentence.", thanks=("david", "sofia")),
            Reply("claude", 7, "Prepare the *other* side's file. Write the page their boss gives them. Then negotiate with that page "
                  "on the table, face down.", thanks=("david", "ben", "chloe")),
            Reply("devika", 11, "Take the small ones that nobody wants: cleaning, coffee, parking. Twelve a year."),
            Reply("ben", 30, "And be bad at it once where it costs 200 euros. I was. It helps."),
        ),
        ("negotiation", "careers"), thanks=("ines", "grace"),
    ),
    Thread(
        "practice", Q, "Involving nurses in a tender without drowning them", "grace", 84,
        "We want clinical staff to judge the samples. Last time it was a form of nine pages, and four came back. How do you "
        "collect their judgement so that it counts?",
        (
            Reply("saskia", 10, "Three questions, one page, on the ward, while the product is in their hands. And tell them what "
                  "the weight is. Ours was 30 %, and when they heard it the forms came back.",
                  thanks=("grace", "devika")),
            Reply("devika", 5, "We put a box with the three samples and a pen on a string in the break room. 46 answers in a week."),
            Reply("grace", 60, "Did both. 71 answers, and the winner was not the one we would have chosen. Thank you.", to=2,
                  thanks=("saskia",)),
        ),
        ("tenders", "users"), accepted=2,
    ),
    Thread(
        "practice", D, "Parcel contracts: the surcharges are the price", "lucy", 58,
        "We compared three carriers on base rates and chose the cheapest. A year later I added the surcharges: fuel, peak, "
        "remote, 'additional handling'. They are 31 % of what we pay, and the order of the three is reversed.\n\nMy template "
        "for the next round asks for the **invoice of a typical week** instead of a rate card. Happy to share.",
        (
            Reply("omar", 9, "Please share. Ours are at 27 %, and nobody can explain 'address correction'."),
            Reply("johanna", 25, "Same with pallets. The waiting time at the dock is where they earn."),
            Reply("lucy", 5, "Template is a table of 12 shipments with weight, size and postcode. They fill in the total, including "
                  "everything. If the real invoice differs by more than 3 %, the difference is theirs.", to=2,
                  thanks=("omar", "johanna", "ben", "wim", "miguel")),
        ),
        ("logistics",), thanks=("arthur", "sofia", "wim"),
    ),
    Thread(
        "practice", Q, "Transformers at 140 weeks: do you order before you have the permit?", "miguel", 52,
        "Lead time for 63 MVA units went from 50 to 140 weeks. If we wait for the permit, the substation is two years late. If we "
        "order now, we may own a transformer without a home. What do you do?",
        (
            Reply("ellen", 3, "Colleague of Miguel's, so for everybody else: the board accepted a **slot** without a specification, "
                  "with 8 % at risk. I would like to hear whether others got less.", thanks=("henrik",)),
            Reply("henrik", 12, "Rail traction transformers, 5 % for the slot, specification frozen at week 40. The trick was to "
                  "standardise on two sizes first, so that any slot fits any site.", thanks=("miguel", "ellen", "claude")),
            Reply("yuki", 26, "Ask whether the slot can be *sold*. Ours may be passed to another customer of the maker, with the fee."),
            Reply("miguel", 15, "Two sizes, and a slot that may be passed on: both in the draft now.", to=3),
        ),
        ("lead-times", "energy"), accepted=3, thanks=("katrin",),
    ),
    Thread(
        "practice", D, "كيف نقيّم عروض خدمات المرافق؟", "layla", 21,
        "نعيد طرح عقد الصيانة هذا العام. في السنوات السابقة فاز السعر الأدنى وخسرنا الجودة. كيف توزّعون الأوزان بين السعر "
        "والجودة؟\n\n(English is fine for answers.)",
        (
            Reply("omar", 4, "نستخدم 50 للسعر و50 للجودة، مع حد أدنى للجودة قبل فتح المظاريف. It changed who bids at all.",
                  thanks=("layla",)),
            Reply("saskia", 20, "In public tenders: 40 price, 60 quality, and the quality part is an interview with the team that "
                  "will *do* the work, not the one that sells it.", thanks=("layla", "omar")),
        ),
        ("services", "tenders"),
    ),
    Thread(
        "practice", Q, "Deforestation rules: how do you trace palm oil to the plot?", "johanna", 18,
        "From next year we must show the plot for every lot. Our traders show the mill. Has anybody got further, and at what cost?",
        (
            Reply("aisha", 10, "Cotton is not palm, but: pay the trader for the data as a *product*, with a price a lot. As long as it "
                  "was a favour, it did not come.", thanks=("johanna",)),
        ),
        ("traceability", "commodities"),
    ),
    Thread(
        "contracts", Q, "A complaint against an award: stop everything or go on?", "saskia", 97,
        "We were challenged on day nine of ten. Legal says stop. The department needs the service in three weeks. What have "
        "others done in between?",
        (
            Reply("bram", 2, "(Same city, for openness.) We asked the court for permission to award a **bridge** of four months to the "
                  "incumbent. Granted in two days because we asked at once and showed the harm.", thanks=("henrik", "marte")),
            Reply("henrik", 9, "Bridge too. And talk to the complainant the same day. Ours wanted to understand the scoring, and went "
                  "home when we showed it.", thanks=("saskia", "bram")),
        ),
        ("tenders", "law"), accepted=3,
    ),
    Thread(
        "contracts", D, "Change orders: a register beats a clause", "marte", 35,
        "We have the best change clause in the country and lost 400,000 last year, because nobody wrote down what was agreed on "
        "site. Since January there is one shared sheet: date, what, who said so, price or 'to be agreed by'. The supplier writes "
        "in it too. Two lines a day. No disputes so far.",
        (
            Reply("stefan", 6, "Who looks at the ones that stay 'to be agreed'?"),
            Reply("marte", 2, "I do, every Friday, with the supplier's contract manager, fifteen minutes. Whatever is older than three "
                  "weeks goes up one level on both sides.", to=2, thanks=("stefan", "piotr", "carmen")),
        ),
        ("change-orders",), thanks=("henrik", "carmen", "bram", "piotr"),
    ),
    Thread(
        "suppliers", Q, "Last-time buy: how do you guess ten years of spares?", "piotr", 43,
        "A relay goes out of production in March. We have 800 in service, 3 to 5 fail a year, and it lives until 2038. My "
        "calculation says 60, engineering says 300. How do you settle that?",
        (
            Reply("yuki", 6, "Poisson with the *upper* end of the failure rate, to 95 %, plus 10 % for storage. For 5 a year over 13 "
                  "years that is about 80. 300 is fear. Ask engineering which failure would cause it, and plan for that one.",
                  thanks=("piotr", "oskar", "hana")),
            Reply("oskar", 3, "80 plus a drawing you own. Then 300 can be made later by somebody else.", to=2, thanks=("piotr",)),
            Reply("piotr", 22, "Agreed on 90 and the drawing. Engineering is happy with the drawing, I am happy with the 90.", to=2,
                  first="Agreed on 80 and the drawing. Engineering is happy with the drawing, I am happy with the 80.",
                  reason="It became 90 at the signature"),
        ),
        ("obsolescence", "spares"), accepted=2,
    ),
    Thread(
        "suppliers", D, "When the supplier's buyer is better than you", "claude", 27,
        "They had our volumes of five years in better order than we did, and opened with a page that I should have written. It was "
        "the most useful meeting of the year. We now begin every yearly talk by putting *both* pages on the table.",
        (
            Reply("ruth", 5, "That is the whole craft in one paragraph.", thanks=("claude", "david")),
            Reply("nadia", 12, "For those who wonder: yes, it was a little embarrassing.", thanks=("claude", "oskar", "chloe")),
        ),
        ("negotiation",), thanks=("ben", "sofia", "david", "ellen", "jonas"),
    ),
    Thread(
        "tools", Q, "Supplier master data: who owns it at your place?", "omar", 77,
        "Finance says procurement, procurement says finance, and 14,000 of our 22,000 suppliers had no order in three years.",
        (
            Reply("hana", 5, "Shared service, three people, one rule: whoever wants a new supplier fills in the form *themselves*. New "
                  "records fell by 60 %.", thanks=("omar", "sofia", "arthur")),
            Reply("samir", 28, "Block, do not delete. And do it on a Friday evening with the phone switched off."),
        ),
        ("master-data",), accepted=2,
    ),
    Thread(
        "tools", Q, "Does anybody run e-auctions for services at all?", "priya", 14,
        "We see very few, and I would like to understand whether it is the tool or the thing. I ask as somebody who builds one and "
        "will not sell you anything here.",
        (
            Reply("saskia", 18, "The thing. I can specify a pallet. I cannot specify 'someone who calls back'.",
                  thanks=("priya", "grace")),
        ),
        ("auctions", "services"),
    ),
    Thread(
        "practice", D, "Old announcement of the spring call", "tomasz", 79,
        "Spring call on energy contracts, Tuesday at 15:00. Notes will follow here.",
        (Reply("katrin", 100, "Notes: hedge in thirds, fix the profile before the price, and never sign on the day of a spike.",
               thanks=("wim", "miguel")),),
        ("meeting", "energy"), closed="The call is over; the notes are in post 2.",
    ),
    Thread(
        "council", D, "Who speaks in the morning?", "ines", 37,
        "Two cases fit, we have three. I would give the tooling case to Stefan if he feels safe enough to tell it.",
        (
            Reply("henrik", 6, "He will, if there is no recording."),
            Reply("wim", 3, "Then no recording in the morning, and we write down only what each speaker agrees to."),
        ),
        ("meeting",),
    ),
    Thread(
        "pilot", D, "First figures of the benchmark", "tomasz", 16,
        "Four companies, six materials. The spread for corrugated is 19 % between the lowest and the highest, for the same grade. "
        "Before anybody gets excited: freight is not in it yet.",
        (
            Reply("oskar", 7, "With freight it will be 11, I would guess. Still worth a talk."),
            Reply("ben", 20, "We are the highest, aren't we. Don't answer."),
        ),
        ("benchmark",),
    ),
    Thread(
        "experts", D, "How many questions a month is too many?", "yuki", 29,
        "I like being asked. I had eleven in May, and answered four badly. What is your number?",
        (
            Reply("amara", 8, "Five. After that I send them to Luca and say so."),
            Reply("carmen", 15, "Five, too. It would help if people searched first, and they would if the good answers were easier to find."),
        ),
    ),
    Thread(
        "chatham", D, "Settling below the claim", "stefan", 11,
        "I have an offer that is worse than what we would get in court, and better than two more years of it. How did you explain "
        "that at home?",
        (
            Reply("claude", 5, "With the hours. I listed the people and their weeks, and asked whether they should do this or the new line."),
            Reply("carmen", 9, "And have counsel write one page on the *chance*, not on the right. Boards understand 60 %."),
        ),
    ),
)  # fmt: skip

# A thread that never ends: one line each, in turn, so that there is one long thread to read.
DESK_TITLE = "What is on your desk this week?"
DESK_TEXT = (
    "One line each, whatever it is. No need to answer anybody. We have kept this going since the first week."
)
DESK = (
    "Comparing four offers for pallets, all of them rounded.",
    "A supplier day with more suppliers than chairs.",
    "Reading a contract from 1998 that renews itself.",
    "Explaining to finance what a framework is.",
    "Explaining to engineering what a budget is.",
    "Two site visits and a very good lunch.",
    "Waiting for a signature since Monday.",
    "Renewing an insurance nobody remembers buying.",
    "Counting tools that should be eleven and are eight.",
    "Writing the page for the board. One page.",
    "A negotiation that ended in ten minutes; I am suspicious.",
    "Freight, freight, freight.",
    "A price increase with a very polite letter.",
    "Teaching the new colleague where the skeletons are.",
    "Cleaning 400 supplier records. 380 to go.",
    "A call at six in the morning with Nagoya.",
    "A call at eleven in the evening with Denver.",
    "Nothing urgent. I had forgotten what it is like.",
    "Returning licences.",
    "Looking for the person who ordered forty monitors.",
    "An audit, in the rain.",
    "Index day: paper up, energy down, nobody happy.",
    "The third version of the second offer.",
    "Thanking a supplier in writing. It took five minutes.",
    "A tender with one bid.",
    "A tender with nineteen bids.",
    "Moving a meeting for the fourth time.",
    "Reading what Carmen wrote about successors of indices, again.",
    "Saying no, with reasons.",
    "Saying yes, with conditions.",
    "Being asked for savings that we reported last year.",
    "Drawing a supply chain on a whiteboard until it fell off the edge.",
    "A crate that customs would like to know better.",
    "Hiring. If you know somebody who likes spreadsheets and people, write to me.",
)

# How people are welcomed; taken in turn.
WELCOMES = (
    "Welcome. Good to have somebody from {company} here.",
    "Welcome, {first}. I will have questions for you about {topic}.",
    "Glad you are here. We had a thread on {topic} last month that may be of use to you.",
    "Welcome. If you are at the autumn meeting, let us have a coffee.",
    "Hello {first}, and welcome. {place} is on my list of places to visit.",
)
