"""The nomenclature: every name that a formula may use, with its symbol, unit and meaning.

One table for the whole course. A unit is a product of base units over a product of base units
("B/s", "usd/h"); counted nouns (tokens, chips, FLOP) may stand in it and count as plain numbers in the
dimension test. "%" is a plain number shown as a percentage.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Symbol:
    """How a quantity is written, in which unit it is held, and what it is."""

    latex: str
    unit: str
    meaning: str


def _table(text: str) -> dict[str, Symbol]:
    rows = (tuple(cell.strip() for cell in line.split("|")) for line in text.strip().splitlines() if line.strip())
    return {name: Symbol(latex, unit, meaning) for name, latex, unit, meaning in rows}


SYMBOLS: dict[str, Symbol] = _table(r"""
activation_bytes            | M_{act}   | B        | activations of one chip
activation_bytes_per_layer  | m_{act}   | B        | activations of one layer and micro-batch
after_usd                   | C_{after} | usd      | cost after the change
all_gather_s                | t_{ag}    | s        | one all-gather
all_reduce_s                | t_{ar}    | s        | one all-reduce
all_usd                     | S_{all}   | usd      | saved by all levers together
alone_usd                   | S_{1}     | usd      | saved by the lever alone
amount_usd                  | C_{y}     | usd      | the amount in its own year
annual_usd                  | C_{year}  | usd      | a year's bill
answer_s                    | t_{ans}   | s        | time that an answer takes
arrivals_per_s              | \lambda   | 1/s      | arrivals a second
attainable_flops_per_s      | P         | FLOP/s   | attainable compute
attended_tokens             | S_{att}   | tokens   | tokens looked back on
attention_params            | N_{att}   |          | parameters of attention
batch_cap                   | B_{max}   |          | sequences that a replica may hold
before_usd                  | C_{before}| usd      | cost before the change
best_interval_s             | \tau_{opt}| s        | best time between checkpoints
block_tokens                | S_{bl}    | tokens   | tokens of a block
break_even_months           | t_{even}  | months   | months of serving that cost as much as a run
bubble                      | \beta_{pp}| %        | share of a step lost to the pipeline
busy_share                  | \phi      | %        | share of the batch that works
buy_usd                     | C_{buy}   | usd      | purchase price of a chip
bytes_per_param             | b_{w}     | B/param  | bytes of one weight
bytes_per_value             | b         | B        | bytes of one value
checkpoint_bytes            | M_{ckpt}  | B        | one checkpoint
checkpoint_interval_s       | \tau      | s        | time between checkpoints
checkpoint_write_s          | t_{ckpt}  | s        | time to write a checkpoint
chip_hours                  | H         | chip·h   | chip-hours of a run
chip_tokens_per_s           | r_{chip}  | tokens/s | tokens a second of one chip, busy
compute_efficiency          | \eta_{c}  | %        | share of the peak that kernels reach
compute_s                   | t_{comp}  | s        | arithmetic of a step
concurrent_users            | U         |          | users there at once
context_tokens              | S         | tokens   | tokens of context
daily_users                 | U_{day}   |          | users a day
data_comm_exposed_s         | t_{dp,x}  | s        | gradient traffic that nothing hides
data_comm_s                 | t_{dp}    | s        | gradient traffic of a step
data_parallel               | d         |          | data-parallel ranks
day_s                       | s_{day}   | s/day    | seconds in a day
days                        | T         | day      | days of a run
discount_rate               | i         | %        | discount rate a year
discounted_usd              | PV        | usd      | present value
domain_chips                | n_{dom}   |          | chips in the fast domain
embedding_params            | N_{emb}   |          | parameters of the embeddings
embeddings                  | k_{emb}   |          | embedding tables
experiments_share           | x         | %        | experiments, as a share of the runs
exposed_comm_share          | \chi      | %        | share of a step spent waiting for links
fabric_usd_per_hour         | c_{fab}   | usd/h    | price of the fabric
failures                    | n_{fail}  |          | failures over the run
feed_forward_params         | N_{ff}    |          | parameters of the feed-forward blocks
ffn                         | d_{ff}    |          | feed-forward width
ffn_matrices                | k_{ff}    |          | matrices of a feed-forward block
first_usd                   | C_{1}     | usd      | first year
fixed_step_s                | t_{0}     | s        | a step's time before any sequence is in it
flops                       | F         | FLOP     | arithmetic
forward_flops               | f         | FLOP/token | arithmetic of one token forward
global_batch_tokens         | B_{tok}   | tokens   | tokens of a step
goodput                     | g         | %        | share of time that counts
gradient_message_bytes      | m_{grad}  | B        | gradients that a chip exchanges
gradient_shards             | z_{g}     |          | ranks that share the gradients
gradient_value_bytes        | b_{g}     | B/param  | bytes of one gradient
growth_per_year             | \gamma    | %        | growth a year
head_dim                    | d_{h}     |          | width of a head
heads                       | h         |          | query heads
held_tokens                 | S_{held}  | tokens   | tokens that a sequence holds room for
hfu                         | HFU       | %        | hardware FLOPs utilisation
hidden                      | d_{m}     |          | width of the model
hop_s                       | \alpha    | s        | time of one hop
hops_s                      | t_{hop}   | s        | passing from stage to stage
horizon_years               | Y         |          | years looked at
hour_s                      | s_{h}     | s/h      | seconds in an hour
in_flight                   | L_{q}     |          | requests in the system
inference_share             | \sigma_{inf} | %     | share of serving in the bill
intensity                   | I         | FLOP/B   | arithmetic intensity
interleave                  | v         |          | chunks of layers on each stage
kernel_floor_s              | t_{kern}  | s        | a layer's kernels, at the shortest
kv_bytes_per_sequence       | m_{kv}    | B        | cache of one sequence
kv_bytes_per_token          | k_{kv}    | B/token  | cache of one token
kv_cache_bytes              | M_{kv}    | B        | key-value cache
kv_heads                    | h_{kv}    |          | key-value heads
kv_room_bytes               | M_{room}  | B        | room for the cache on a replica
launch_s                    | t_{launch}| s        | start of a collective
layer_comm_s                | t_{links} | s        | all-reduces of one pass over the layers
layers                      | L         |          | layers
life_years                  | Y_{life}  |          | years until written off
link_bytes_per_s            | w         | B/s      | bandwidth of a link, one direction
link_efficiency             | \eta_{l}  | %        | share of a link that large messages reach
master_value_bytes          | b_{m}     | B/param  | bytes of a master weight
matmul_params               | N_{mm}    |          | parameters that each token is multiplied with
matmul_share                | \mu       | %        | share of the step in products that get faster
mean_requests_per_s         | \lambda_{mean} | requests/s | requests a second over the day
mean_service_s              | t_{svc}   | s        | mean service time
mean_tokens                 | S_{mean}  | tokens   | mean length
median_tokens               | S_{50}    | tokens   | median length
mem_bytes                   | M         | B        | memory of a chip
mem_bytes_per_s             | \beta     | B/s      | memory bandwidth
memory_efficiency           | \eta_{m}  | %        | share of the bandwidth that kernels reach
message_bytes               | m         | B        | size of a message
mfu                         | MFU       | %        | model FLOPs utilisation
micro_batch                 | b_{mic}   |          | sequences of a micro-batch
micro_batches               | m_{pp}    |          | micro-batches of a pipeline in a step
micro_batches_in_flight     | m_{fly}   |          | micro-batches whose activations are held
migration_weeks             | n_{week}  | week     | weeks to port
moment_value_bytes          | b_{v}     | B/param  | bytes of one moment
moved_bytes                 | Q         | B        | bytes moved
mtbf_chip_hours             | H_{fail}  | chip·h   | chip-hours between failures
mtbf_s                      | t_{mtbf}  | s        | time between failures of the cluster
n_chips                     | n         |          | chips
network_s                   | t_{net}   | s        | network and gateway
normal_quantile             | z         |          | standard deviations of the percentile
operating_batch             | B_{op}    |          | sequences in flight on a replica at the peak
optimizer_bytes_per_chip    | M_{opt}   | B        | optimizer state of one chip
optimizer_s                 | t_{opt}   | s        | the update
optimizer_shards            | z_{o}     |          | ranks that share the optimizer
optimizer_value_bytes       | b_{o}     | B/param  | bytes of optimizer state of a parameter
others_usd                  | S_{23}    | usd      | saved by the other two together
output_spread               | \sigma_{o}|          | spread of the answers
output_tokens               | S_{out}   | tokens   | tokens of an answer
overlap_share               | \omega    | %        | share of the backward pass that hides traffic
params                      | N         |          | parameters
params_per_chip             | N_{chip}  |          | parameters on one chip
peak_factor                 | k_{peak}  |          | peak over mean
peak_flops_per_s            | \pi       | FLOP/s   | peak compute, dense
peak_ratio                  | r_{peak}  |          | peak at the lower precision over peak at 16 bits
peak_requests_per_s         | \lambda_{peak} | requests/s | requests a second at the peak
people_usd                  | C_{people}| usd      | people who port
pipeline_comm_s             | t_{pp}    | s        | transfers between stages
pipeline_parallel           | p         |          | pipeline stages
porting_engineers           | n_{eng}   |          | engineers who port
power_w                     | P_{w}     | W        | power of a chip
precision_gain              | g_{prec}  |          | speed-up of the arithmetic by the lower precision
prefill_comm_s              | t_{pre,l} | s        | all-reduces of a prefill
prefill_compute_s           | t_{pre,c} | s        | arithmetic of a prefill
prefill_memory_s            | t_{pre,m} | s        | weights read in a prefill
prefill_s                   | t_{pre}   | s        | prefill
price_decline_per_year      | \delta    | %        | fall of prices a year
prompt_tokens               | S_{in}    | tokens   | tokens of a prompt
pue                         | PUE       |          | power of the building over power of the machines
ranks                       | n_{r}     |          | ranks that take part
recompute_s                 | t_{rec}   | s        | arithmetic done again
recompute_share             | \rho_{rec}| %        | share of the arithmetic done again
replicas                    | R         |          | replicas that serve
requests_per_s_per_replica  | \lambda_{r} | requests/s | requests a second of one replica
requests_per_user_day       | q         | 1/day    | requests of a user in a day
reserve_bytes               | M_{res}   | B        | held by the runtime
restart_s                   | t_{start} | s        | time to restart
ridge                       | I_{ridge} | FLOP/B   | ridge point
ring_bytes                  | m_{ring}  | B        | bytes that a rank sends
run_s                       | T_{run}   | s        | length of the run
run_usd                     | C_{run}   | usd      | one training run
saving_usd                  | S         | usd      | saving
scheduler_s                 | t_{sched} | s        | scheduler and launch of a step
second_usd                  | S_{2}     | usd      | saved by the second lever alone, or the second year
seq_len                     | s         | tokens   | sequence length
sequences                   | B         |          | sequences in flight
sequences_that_fit          | B_{fit}   |          | sequences whose cache fits
server_factor               | k_{srv}   |          | price of a server's share over the chip's
service_s                   | t_{svc}   | s        | replica time of a request
service_variance_s2         | \sigma^2  | s·s      | variance of the service time
serving_usd                 | C_{serve} | usd      | serving
spread                      | \sigma    |          | standard deviation of the log
stages                      | p_{s}     |          | groups of chips in a row
state_bytes                 | M_{state} | B        | weights, gradients and optimizer state of one chip
state_bytes_per_param       | b_{state} | B/param  | state of one parameter
state_bytes_total           | M_{all}   | B        | state of the whole model
static_share                | \phi      | %        | share of a static batch that works
step_comm_s                 | t_{step,l}| s        | all-reduces of a decode step
step_compute_s              | t_{step,c}| s        | arithmetic of a decode step
step_flops_per_chip         | F_{step}  | FLOP     | arithmetic of a step on one chip
step_memory_s               | t_{step,m}| s        | memory read in a decode step
step_overhead_s             | t_{over}  | s        | fixed cost of a step
step_per_sequence_s         | t_{1}     | s        | what each sequence adds to a step
step_s                      | t_{step}  | s        | one step
steps                       | n_{step}  |          | steps of a run
storage_bytes_per_s         | w_{st}    | B/s      | bandwidth of the checkpoint storage
tail_tokens                 | S_{99}    | tokens   | length that one in a hundred exceeds
tensor_comm_s               | t_{tp}    | s        | all-reduces of tensor parallelism
tensor_parallel             | t         |          | tensor-parallel ranks
tensor_ranks                | t         |          | chips that split each matrix
think_time_s                | t_{think} | s        | pause between a user's requests
third_usd                   | S_{3}     | usd      | saved by the third lever alone, or the third year
time_in_system_s            | t_{sys}   | s        | time that a request stays
tokens_per_chip             | S_{chip}  | tokens   | tokens of a step on one chip
tokens_per_day              | D         | tokens/day | tokens a day
tokens_per_mtoken           | k_{M}     | tokens/Mtoken | tokens in a million
tokens_per_s                | r         | tokens/s | tokens a second
tokens_per_s_per_user       | r_{user}  | tokens/s | tokens a second of one reader
tokens_per_year             | D_{year}  | tokens   | tokens of the year
total_bytes                 | M_{total} | B        | all that one chip holds
total_usd                   | C         | usd      | total
tpot_s                      | t_{tok}   | s        | time per output token
traffic_factor              | k_{z}     |          | traffic of the ZeRO stage over plain data parallelism
train_tokens                | D         | tokens   | tokens of the run
training_flops              | F         | FLOP     | arithmetic of the run
training_runs               | n_{run}   |          | training runs
training_usd                | C_{train} | usd      | training
transfer_s                  | t_{p2p}   | s        | one transfer to a neighbour
ttft_floor_s                | t_{first} | s        | time to first token without a queue
usd                         | C         | usd      | cost
usd_per_chip_hour           | c         | usd/h    | price of a chip-hour
usd_per_engineer_week       | c_{eng}   | usd/week | an engineer's week
usd_per_hour                | c_{fleet} | usd/h    | the fleet's hour
usd_per_kwh                 | c_{kWh}   | usd/kWh  | price of electricity
usd_per_mtoken              | c_{M}     | usd/Mtoken | dollars for a million tokens
utilisation                 | \rho      | %        | utilisation
vocab                       | V         |          | vocabulary
offered_load                | a         |          | servers' worth of work that arrives
servers                     | c         |          | servers of a queue
blocked_share               | p_{block} | %        | share of arrivals that find all servers taken
wait_s                      | t_{wait}  | s        | mean wait
wait_share                  | p_{wait}  | %        | share of arrivals that wait
watts_per_kw                | k_{W}     | W/kW     | watts in a kilowatt
batch_limit                 | B_{lim}   |          | batch limit
fabric_usd_per_chip_hour    | c_{nic}   | usd/h    | price of the fabric for each chip
fleet_chips                 | n_{fleet} |          | chips of the fleet
full_step_s                 | t_{full}  | s        | one step of a full batch
kv_used_share               | u_{kv}    | %        | share of the cache taken that holds tokens
live_tokens                 | S_{live}  | tokens   | tokens that a sequence holds on average
reserved_tokens             | S_{res}   | tokens   | tokens set aside for an answer
running_batch               | B_{run}   |          | sequences that run together
single_step_s               | t_{one}   | s        | one step of one sequence
spare_replicas              | R_{spare} |          | replicas that wait
weight_bytes_per_chip       | m_{w}     | B        | weights on each chip
working_sequences           | B_{work}  |          | sequences that still generate
chips_per_node              | n_{c}     |          | chips of a node
lower_peak_flops_per_s      | \pi_{low} | FLOP/s   | peak at the lower precision
nodes                       | n_{node}  |          | nodes that compute
spare_nodes                 | n_{spare} |          | nodes that wait
list_usd_per_hour           | c_{list}  | usd/h    | list price of a chip-hour
price_ratio                 | r_{price} |          | price over the list price
server_power_factor         | k_{pw}    |          | power of a server's share over the chip's
amax                        | a_{max}   |          | largest value of a tensor, sign aside
attention_s                 | t_{att}   | s        | attention of a pass
bits_per_value              | b_{all}   |          | bits of a value with its share of the scale
calls                       | n_{call}  |          | calls of operations
elementwise_s               | t_{elem}  | s        | operations element by element
format_max                  | q_{max}   |          | largest value of a number format
group_size                  | n_{group} |          | values that share a scale
hours                       | t_{h}     | h        | hours paid for
noise_power                 | P_{err}   |          | mean square of an error
operation_s                 | t_{op}    | s        | a group of operations
pass_s                      | t_{pass}  | s        | one pass over a model
products_s                  | t_{prod}  | s        | products with weights
scale                       | s_{q}     |          | what a tensor is divided by
scale_bits                  | b_{scale} |          | bits of a scale
signal_power                | P_{sig}   |          | mean square of a tensor
sqnr_db                     | SQNR      |          | power of a tensor over that of its rounding error, in decibels
value_bits                  | b_{bit}   |          | bits of a value
weight_bytes                | M_{w}     | B        | weights
weight_shards               | z_{w}     |          | ranks that share the weights
weight_value_bytes          | b_{w}     | B/param  | bytes of one weight
with_second_usd             | S_{12}    | usd      | saved by the lever and the second
with_third_usd              | S_{13}    | usd      | saved by the lever and the third
active_experts              | e_{act}   |          | experts that a token visits
context_parallel            | c         |          | ranks that share a sequence
counted_flops               | f_{cnt}   | FLOP/token | arithmetic of a token as a paper counts it
expert_parallel             | e         |          | ranks that share the experts
gathered_bytes              | m_{ag}    | B        | weights and gradients that a rank exchanges
gathers                     | k_{ag}    |          | times that the weights are gathered
head_params                 | N_{head}  |          | parameters of the output projection
head_passes                 | k_{head}  |          | passes counted of the output projection
layer_matmul_params         | N_{lay}   |          | parameters of the layers that a token is multiplied with
passes                      | k_{pass}  |          | passes counted of the layers
scatters                    | k_{rs}    |          | times that the gradients are scattered
stage_layers                | L_{s}     |          | layers of the largest stage
stage_s                     | t_{stage} | s        | a micro-batch on the slowest stage
inside_token_bytes          | a_{in}    | B/token  | activations of a token inside the split blocks
mask_bytes                  | b_{mask}  | B        | bytes of a dropout mask's entry
outside_token_bytes         | a_{out}   | B/token  | activations of a token outside the split blocks
score_token_bytes           | a_{sc}    | B/token  | attention scores of a token
sequence_ranks              | t_{s}     |          | ranks that split a sequence between the blocks
dense_layers                | L_{d}     |          | first layers of a mixture with one plain block
expert_ffn                  | d_{e}     |          | width of an expert
experts                     | n_{e}     |          | experts of a layer
kv_rank                     | r_{kv}    |          | width that keys and values are squeezed to
nope_dim                    | d_{n}     |          | part of a head without position
query_rank                  | r_{q}     |          | width that queries are squeezed to
rope_dim                    | d_{r}     |          | part of a head with position
shared_experts              | n_{sh}    |          | experts that every token visits
value_dim                   | d_{v}     |          | width of a value head
window                      | w_{att}   | tokens   | tokens that a windowed layer looks back on
windowed_layers             | L_{w}     |          | layers with a window
extra_params                | N_{x}     |          | parameters of biases and positions
year_days                   | k_{d}     | day      | days in a year
year_h                      | k_{h}     | h        | hours in a year
year_months                 | k_{m}     | months   | months in a year
year_s                      | k_{s}     | s        | seconds in a year
years_before                | y         |          | years before this one
sent_bytes                  | m_{sent}  | B        | bytes that a rank sends
all_to_all_s                | t_{a2a}   | s        | one all-to-all
fill_bytes                  | m_{fill}  | B        | bytes under way before a transfer's pipeline is full
node_share_bytes            | m_{node}  | B        | what a rank carries out of its node
ranks_per_node              | n_{rn}    |          | ranks in a node
nic_bytes_per_s             | w_{nic}   | B/s      | bandwidth of a rank's network card, one direction
nic_efficiency              | \eta_{nic}| %        | share of a network card that large messages reach
nic_hop_s                   | \alpha_{nic} | s     | time of one hop between nodes
side_ranks                  | n_{side}  |          | ranks along one axis of a torus
torus_axes                  | d_{torus} |          | axes of a torus
gemm_m                      | m_{mm}    |          | rows of the result
gemm_n                      | n_{mm}    |          | columns of the result
gemm_k                      | k_{mm}    |          | length of each sum of products
gemm_flops                  | F_{mm}    | FLOP     | arithmetic of a matrix product
gemm_bytes                  | Q_{mm}    | B        | bytes that a matrix product reads and writes
tile_m                      | m_{tile}  |          | rows of a tile
tile_n                      | n_{tile}  |          | columns of a tile
tiles                       | n_{tile}  |          | tiles of a matrix product
multiprocessors             | n_{sm}    |          | processors of a chip that each take a tile
wave_share                  | \phi_{wave} | %      | share of the tiles' places that hold work
gemm_compute_s              | t_{mm,c}  | s        | arithmetic of a matrix product
gemm_memory_s               | t_{mm,m}  | s        | memory traffic of a matrix product
gemm_s                      | t_{mm}    | s        | one matrix product
kernel_launch_s             | t_{k}     | s        | start and end of a kernel
join_power                  | p_{join}  |          | how sharply two bounds hand over
result_value_bytes          | b_{out}   | B        | bytes of one value of the result
array_side                  | n_{side}  |          | cells along one side of a systolic array
arrays                      | n_{arr}   |          | systolic arrays of a chip
array_tiles                 | n_{tile,a}|          | tiles of the busiest array
array_cycles                | n_{cyc}   |          | cycles of a systolic array
array_share                 | \phi_{arr}| %        | share of the cells and cycles that do wanted work
clock_hz                    | f_{clk}   | 1/s      | cycles a second
store_bytes                 | M_{store} | B        | what a store keeps
store_bytes_per_s           | w_{store} | B/s      | rate at which a store gives back
host_bytes_per_s            | w_{host}  | B/s      | rate between the host's memory and a replica
drives                      | n_{drv}   |          | drives
drive_bytes_per_s           | w_{drv}   | B/s      | reading rate of a drive
access_s                    | t_{acc}   | s        | time until the first byte comes
session_bytes               | m_{ses}   | B        | cache of one conversation
sessions_held               | n_{ses}   |          | conversations kept
fetch_s                     | t_{fetch} | s        | bringing a cache back
fetch_token_s               | t_{f,1}   | s        | bringing back one token's keys and values
fetch_gain                  | g_{fetch} |          | reading again over bringing back
break_even_bytes_per_s      | w_{even}  | B/s      | rate at which bringing back and reading again take as long
break_even_tokens           | S_{even}  | tokens   | prompt from which bringing back wins
token_s                     | t_{tok}   | s        | arithmetic of one token
token_square_s              | t_{tok,2} | s        | what each token looked back on adds to it
acceptance                  | a         | %        | chance that a guess is right
accepted_tokens             | \bar{S}   | tokens   | tokens of a round
checked_tokens              | B_{chk}   | tokens   | tokens checked in one step
draft_tokens                | k_{dr}    | tokens   | tokens guessed in a round
draft_ratio                 | r_{dr}    |          | a guess's time over a step's
draft_s                     | t_{dr}    | s        | one guess
verify_s                    | t_{chk}   | s        | checking the guesses
round_s                     | t_{rnd}   | s        | guesses and check
speedup                     | g         |          | tokens a second over those without
break_even_batch            | B_{even}  |          | sequences at which guessing stops paying
scratch_bytes               | M_{pad}   | B        | memory on the die that holds a product's pieces
compulsory_bytes            | Q_{0}     | B        | what any cut of a product moves
bound_bytes                 | Q_{min}   | B        | what no cut can go below
cores                       | n_{core}  |          | cores that share a chip
pieces                      | n_{pc}    |          | pieces of work
tile_k                      | k_{tile}  |          | part of the sums that a piece adds
chip_bytes_per_s            | w_{chip}  | B/s      | rate of all links of a chip, one direction
chip_links                  | n_{link}  |          | links of a chip
torus_hops                  | n_{hop}   |          | steps along all axes of a torus
torus_lanes                 | n_{lane}  |          | directions in which a torus sends at once
longest_side                | n_{long}  |          | chips along the longest axis
cut_links                   | n_{cut}   |          | links of a line of chips that a cut meets
bisection_bytes_per_s       | w_{bis}   | B/s      | rate across the middle of a network, one direction
switch_ports                | k_{sw}    |          | ports of a switch
oversubscription            | o         |          | links down over links up
held_bytes                  | M_{held}  | B        | what a replica must hold
chip_power_w                | P_{all}   | W        | power of all chips
group_ranks                 | n_{grp}   |          | ranks of a group that reduce together
""")
