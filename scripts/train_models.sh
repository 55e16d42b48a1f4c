#!/usr/bin/env bash
# Train the models that ship, or some of them, into FOLDER; each with its log, curves and samples.
# The reblurring modules learn from the SelfIR models in FOLDER.
#
#     scripts/train_models.sh PHOTOS FOLDER [NAME ...]
#
# All but the reblurring modules go on from what ships. On one CPU core PairNet and SelfIR take one
# or two hours, the light U-Net one, DeblurMerger half of one, DeblurRNN and the reblurring modules
# 20 minutes; D2HNet needs a GPU. MINUTES changes the length of each training. PRECISION=fp32 is
# quicker on a CPU that does not multiply bfloat16 by itself (AMX, AVX512-BF16).
set -euo pipefail

if [ $# -lt 2 ]; then
    echo "usage: scripts/train_models.sh PHOTOS FOLDER [NAME ...]" >&2
    exit 2
fi
photos=$1 folder=$2
shift 2
names=("$@")
[ ${#names[@]} -gt 0 ] || names=(pairnet-raw selfir-raw selfir-srgb reblur-raw reblur-srgb \
    d2hnet-s-raw d2hnet-s-srgb deblurmerger-srgb deblurrnn-srgb reblur-unet-srgb)

run() {
    pairfix train "$1" "$photos" -o "$folder/$name" --precision "${PRECISION:-bf16}" --seed 1 "${@:2}"
}

reblur() { # first on larger crops, then on more of them
    local whole=$name
    name=$whole-first run reblur-module "$@" --batch 4 --crop 96 --minutes "${MINUTES:-12}"
    name=$whole run reblur-module "$@" --from "$folder/$whole-first" --batch 4 --crop 64 \
        --learning-rate 2e-4 --seed 2 --minutes "${MINUTES:-8}"
}

small=(--set width=16 --set cap=8 --set reduction=2)
developed=(--noise "gaussian,poisson,sensor" --jpeg 0.3)
for name in "${names[@]}"; do
    case $name in
        pairnet-raw)
            run pairnet --domain raw --from pairnet-raw --no-int8 \
                --batch 8 --crop 96 --learning-rate 4e-4 --optimiser muon --seed 5 \
                --minutes "${MINUTES:-90}" ;;
        selfir-raw)
            run selfir --domain raw --set noise=true --from selfir-raw \
                --batch 5 --crop 128 --learning-rate 4e-4 --optimiser muon --seed 20 \
                --minutes "${MINUTES:-90}" ;;
        selfir-srgb)
            run selfir --domain srgb --set noise=true --from selfir-srgb \
                --noise sensor,sensor,gaussian,poisson --processing 0.7 --jpeg 0.6 \
                --batch 6 --learning-rate 3e-4 --optimiser muon --seed 14 --minutes "${MINUTES:-54}" ;;
        reblur-raw)
            reblur --domain raw --deblurrer "$folder/selfir-raw" ;;
        reblur-srgb)
            reblur --domain srgb --deblurrer "$folder/selfir-srgb" "${developed[@]}" ;;
        d2hnet-s-raw)
            run d2hnet --domain raw "${small[@]}" --from d2hnet-s-raw \
                --crop 256 --minutes "${MINUTES:-30}" ;;
        d2hnet-s-srgb)
            run d2hnet --domain srgb "${small[@]}" --from d2hnet-s-srgb "${developed[@]}" \
                --crop 256 --minutes "${MINUTES:-30}" ;;
        deblurmerger-srgb)
            run deblurmerger --domain srgb --from deblurmerger-srgb --objective supervised \
                --noise gopro2,sensor --batch 4 --crop 128 \
                --learning-rate 4e-4 --optimiser muon --seed 3 --minutes "${MINUTES:-34}" ;;
        deblurrnn-srgb)
            run deblurrnn --domain srgb --from deblurrnn-srgb --objective supervised \
                --noise gopro2,sensor --batch 4 --crop 128 \
                --learning-rate 4e-4 --optimiser muon --seed 3 --minutes "${MINUTES:-20}" ;;
        reblur-unet-srgb)
            run reblur-unet --domain srgb --from reblur-unet-srgb --objective supervised \
                --noise sensor --processing 0.5 --jpeg 0.5 --blur 0 24 --batch 4 --crop 128 \
                --learning-rate 4e-4 --optimiser muon --seed 3 --minutes "${MINUTES:-64}" ;;
        *)
            echo "there is no model $name" >&2
            exit 2 ;;
    esac
done
